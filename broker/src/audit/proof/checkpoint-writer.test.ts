// When checkpoints are made, what they state, and where they come to; over time that is stepped by hand.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import type { ChainHead } from '../../store/audit/row.ts';
import { temporaryFolder } from '../../store/fixtures/both-engines.ts';
import { turns } from '../fixtures/chain-world.ts';
import { createCheckpointPlaces, filePlace, type CheckpointPlace } from './checkpoint-places.ts';
import { urlPlace } from './other-places.ts';
import { createCheckpointWriter } from './checkpoint-writer.ts';
import { isSignedBy, type Checkpoint } from './statement.ts';

const pair = generateKeyPairSync('ed25519');
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function world() {
  const clock = steppedClock();
  const written: Checkpoint[] = [];
  const errors: unknown[] = [];
  const state = { seq: -1, others: [] as ChainHead[], fails: false };
  const writer = createCheckpointWriter({
    clock,
    signer: () => Promise.resolve({ kid: 'audit-1', key: pair.privateKey }),
    head: () => (state.seq < 0 ? undefined : { chain: 'w1', seq: state.seq, hash: hash(String(state.seq)) }),
    others: () => Promise.resolve(state.others.splice(0)),
    async write(checkpoint) {
      if (state.fails) throw new Error('away');
      written.push(checkpoint);
      await turns();
    },
    bring: () => undefined,
    onError: (error) => errors.push(error),
  });
  const append = (rows: number) => {
    state.seq += rows;
    writer.appended(rows);
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turns();
    await turns();
  };
  return { clock, written, errors, state, writer, append, pass };
}

test('a checkpoint is made after a thousand rows, and a minute after a row at the latest; none where nothing happens', async () => {
  const { written, append, pass } = world();
  append(999);
  await pass(59_999);
  assert.equal(written.length, 0);
  append(1);
  await pass(0);
  assert.deepEqual(written[0]?.statement.heads, [{ chain: 'w1', hash: hash('999'), seq: 999 }]);
  await pass(600_000);
  assert.equal(written.length, 1);
  append(1);
  await pass(59_999);
  assert.equal(written.length, 1);
  await pass(1);
  assert.deepEqual(
    written[1]?.statement.heads.map(({ seq }) => seq),
    [1_000],
  );
});

test('each is signed, names the one before it, and the other chains that went on', async () => {
  const { written, state, append, writer } = world();
  const other = { chain: 'w2', seq: 7, hash: hash('other') };
  state.others.push(other);
  append(1);
  await writer.state();
  append(1);
  await writer.state();
  const [first, second] = written;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(first.statement.heads[1], other);
  assert.equal(first.statement.previous, null);
  assert.equal(second.statement.previous, hash(canonicalJson(first.statement)));
  assert.deepEqual(second.statement.heads.length, 1);
  for (const checkpoint of written) assert.ok(isSignedBy(checkpoint, createPublicKey(pair.privateKey)));
  const changed = { ...first, statement: { ...first.statement, heads: [] } };
  assert.ok(!isSignedBy(changed, createPublicKey(pair.privateKey)));
});

test('one that cannot be written is made again a minute later, and rows that come meanwhile are covered too', async () => {
  const { written, errors, state, append, pass, writer } = world();
  state.fails = true;
  append(1_000);
  await pass(0);
  assert.equal(errors.length, 1);
  state.fails = false;
  await pass(60_000);
  assert.equal(written.length, 1);
  append(5);
  const during = writer.state();
  append(3);
  await during;
  await pass(60_000);
  assert.deepEqual(
    written.map(({ statement }) => statement.heads[0]?.seq),
    [999, 1_004, 1_007],
  );
  assert.equal(writer.lastAt !== null, true);
});

const CHECKPOINT: Checkpoint = {
  signature: 'x',
  statement: { at: 't', chain: 'w1', heads: [], key: 'audit-1', previous: null, type: 'mcpgate.checkpoint', v: 1 },
};
const at = (when: string): Checkpoint => ({ ...CHECKPOINT, statement: { ...CHECKPOINT.statement, at: when } });
const silent = { warn: () => undefined, info: () => undefined };

test('a file gets each as a line, is readable by the broker alone, and keeps what it had', async (t) => {
  const file = join(temporaryFolder(t), 'log.jsonl');
  for (const run of ['one', 'two']) {
    const places = createCheckpointPlaces({ places: [filePlace(file)], clock: steppedClock(), log: silent });
    places.bring(at(run));
    await places.flush();
  }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    [at('one'), at('two')],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a file whose folder is not there is said in words', async () => {
  const place = filePlace('/nowhere/at-all/log.jsonl');
  await assert.rejects(place.keep('{}'), { code: 'unavailable', message: /no folder \/nowhere\/at-all; make it/ });
});

test('an address that does not answer, or refuses, is tried again until it has the newest', async (t) => {
  const bodies: string[] = [];
  let status = 503;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (status === 204) bodies.push(Buffer.concat(parts).toString('utf8'));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const place = urlPlace({ url: `http://127.0.0.1:${port}/secret-path` }, createGuardedFetch({ allowHosts: [] }));
  const clock = steppedClock();
  const places = createCheckpointPlaces({ places: [place], clock, log: silent });
  places.bring(at('one'));
  await places.flush();
  assert.deepEqual(places.views(), [
    { name: `https://127.0.0.1:${port}/…`, keptAt: null, statedAt: null, problem: `127.0.0.1:${port} answered 503` },
  ]);
  places.bring(at('two'));
  status = 204;
  clock.advance(1_000);
  await places.flush();
  assert.deepEqual(
    bodies.map((body): unknown => JSON.parse(body)),
    [at('two')],
  );
  assert.deepEqual(places.views()[0]?.problem, null);
});

test('places do not wait for each other, and each failing one is said once', async () => {
  const kept: string[] = [];
  const warned: unknown[] = [];
  const broken: CheckpointPlace = { name: 'broken', keep: () => Promise.reject(new Error('no')) };
  const good: CheckpointPlace = { name: 'good', keep: async (line) => void kept.push(line) };
  const clock = steppedClock();
  const log = { warn: (...said: unknown[]) => void warned.push(said), info: () => undefined };
  const places = createCheckpointPlaces({ places: [broken, good], clock, log });
  for (const when of ['one', 'two', 'three']) {
    places.bring(at(when));
    await places.flush();
  }
  clock.advance(60_000);
  await places.flush();
  assert.equal(kept.length, 3);
  assert.equal(warned.length, 1);
  places.close();
});
