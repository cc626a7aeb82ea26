// `audit tail` and a broker that goes and comes back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { FollowedLine } from 'mcpgate-shared/api/audit';
import { GateError } from 'mcpgate-shared/error';
import { compileCache } from 'mcpgate-test/world/compile-cache';
import { BROKER_PROGRAM } from 'mcpgate-test/world/programs';
import { startBrokerProcess } from '../fixtures/broker-process.ts';
import { followed } from './followed.ts';

test('`audit tail` says that the broker has gone, comes back by itself, and shows every record once, until Ctrl-C: 130', async (t) => {
  const first = await startBrokerProcess();
  const { dataDir } = first;
  await first.run(['user', 'add', 'before']);
  const tail = spawn(process.execPath, [BROKER_PROGRAM, 'audit', 'tail', '--json', '--lines', '1'], {
    env: { ...compileCache, PATH: process.env['PATH'] ?? '', MCPGATE_DATA: dataDir },
  });
  t.after(() => tail.kill('SIGKILL'));
  let said = '';
  tail.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const lines = createInterface({ input: tail.stdout })[Symbol.asyncIterator]();
  const seen: string[] = [];
  const ids = new Set<string>();
  const until = async (subject: string) => {
    while (seen.at(-1) !== subject) {
      const { value = '{}' } = await lines.next();
      const { kind, record } = Object(JSON.parse(value)) as { kind: string; record: Record<string, unknown> };
      assert.equal(kind, 'event');
      ids.add(String(record['id']));
      seen.push(String(record['subject']));
    }
  };
  await until('user:before');
  await first.run(['user', 'add', 'seen']);
  await until('user:seen');
  await first.stop('SIGKILL');
  const second = await startBrokerProcess({ dataDir });
  t.after(() => second.stop('SIGKILL'));
  await second.run(['user', 'add', 'missed']);
  await until('user:missed');
  await second.run(['user', 'add', 'after']);
  await until('user:after');
  assert.deepEqual(
    seen.filter((subject) => subject.startsWith('user:')),
    ['user:before', 'user:seen', 'user:missed', 'user:after'],
  );
  assert.equal(ids.size, seen.length, 'no record twice');
  assert.match(said, /^mcpgate-broker: the broker is gone: .*Ctrl-C\nmcpgate-broker: the broker is back; .*\n$/);
  tail.kill('SIGINT');
  assert.deepEqual(await once(tail, 'close'), [130, null]);
});

test('a stream is opened again behind the last place with growing pauses; what no waiting mends ends it', async () => {
  const asked: (string | undefined)[] = [];
  const pauses: number[] = [];
  const opened: (() => FollowedLine[])[] = [
    () => [{ kind: 'place', place: 'p1' }],
    () => {
      throw new GateError('unreachable', 'nobody there');
    },
    () => {
      throw new GateError('unavailable', 'is starting');
    },
    () => [{ kind: 'place', place: 'p2' }],
    () => {
      throw new GateError('not_logged_in', 'the token was revoked');
    },
  ];
  const lines = followed(
    async function* (after) {
      asked.push(after);
      yield* (opened.shift() ?? (() => []))();
      await Promise.resolve();
    },
    { stderr: { write: () => undefined }, pause: async (ms) => void pauses.push(ms), random: () => 1 },
  );
  await assert.rejects(lines.next(), { code: 'not_logged_in' });
  assert.deepEqual(asked, [undefined, 'p1', 'p1', 'p1', 'p2']);
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 1_000]);
  const never = followed(() => (async function* () {})(), { stderr: { write: () => undefined } });
  await assert.rejects(never.next(), { code: 'unreachable' });
});
