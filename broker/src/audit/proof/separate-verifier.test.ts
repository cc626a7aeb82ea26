// What `mcpgate-audit-verify` reads, what it says where it cannot, and how little it keeps of what it has read.
import assert from 'node:assert/strict';
import { generateKeyPairSync, hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { VERIFIER, verifierSays } from '../fixtures/run-verifier.ts';
import { signStatement, type Checkpoint } from './statement.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const AT = '2026-11-30T20:11:49.583Z';

interface Row {
  [member: string]: unknown;
  seq: number;
  hash: string;
}

/** A chain with one checkpoint, which names its row 2. */
function chainOf(name: string): { rows: Row[]; checkpointOf(seq: number): Checkpoint } {
  const rows: Row[] = [];
  const add = (members: object) => {
    const place = { chain: name, seq: rows.length, prev_hash: rows.at(-1)?.hash ?? '0'.repeat(64), v: 2 };
    const row = { ...members, ...place, id: `id-${rows.length}`, ts: AT };
    rows.push({ ...row, hash: hash('sha256', canonicalJson(row)) });
  };
  const checkpointOf = (seq: number) =>
    signStatement(
      {
        ...{ at: AT, chain: name, heads: [{ chain: name, hash: rows[seq]?.hash ?? '', seq }], key: 'audit-1' },
        ...{ previous: null, type: 'mcpgate.checkpoint', v: 1 },
      },
      privateKey,
    );
  add({ type: 'chain.begun', details: { predecessors: [], seal_key: 'k1' } });
  for (const subject of ['a', 'b', 'c']) add({ type: 'secret.set', workspace_id: 'default', actor: 'ada', subject });
  add({ type: 'chain.checkpoint', details: checkpointOf(2) });
  add({ type: 'secret.set', workspace_id: 'default', actor: 'ada', subject: 'd' });
  return { rows, checkpointOf };
}

function filesIn(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'mg-verifier-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const lines = (name: string, values: readonly unknown[]) => {
    writeFileSync(join(folder, name), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
    return join(folder, name);
  };
  const key = join(folder, 'key.pem');
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }));
  return { folder, lines, key };
}

test('a folder of checkpoints is read as a bucket has them, and each is met by the rows', async (t) => {
  const { folder, lines, key } = filesIn(t);
  const { rows, checkpointOf } = chainOf('run-1');
  const bucket = join(folder, 'bucket');
  mkdirSync(bucket);
  lines('bucket/20261130T201149583Z-aa.json', [checkpointOf(1)]);
  lines('bucket/20261130T201249583Z-bb.json', [checkpointOf(4)]);
  writeFileSync(join(bucket, 'README'), 'no checkpoint');
  const asked = ['--key', key, '--checkpoints', bucket, '--json'];
  const whole = await verifierSays([lines('log.jsonl', rows), ...asked]);
  assert.equal(whole.status, 0, whole.stdout + whole.stderr);
  const { rows: count, checkpoints, uncovered } = Object(JSON.parse(whole.stdout));
  assert.deepEqual({ count, checkpoints, uncovered }, { count: 6, checkpoints: 3, uncovered: 1 });

  const cut = await verifierSays([lines('cut.jsonl', rows.slice(0, 4)), ...asked]);
  assert.equal(cut.status, 1);
  assert.match(
    cut.stdout,
    /rows from here on are missing: the checkpoint in line 1 of .*-bb\.json names row 4\. It is of 2026-11-30T20:11:49\.583Z; an export from before then cannot have them/,
  );

  // A checkpoint that was signed over another row 3 than the one that is there.
  lines('bucket/20261130T201249583Z-bb.json', [
    signStatement(
      {
        ...checkpointOf(4).statement,
        heads: [{ chain: 'run-1', seq: 3, hash: rows[2]?.hash ?? '' }],
      },
      privateKey,
    ),
  ]);
  const other = await verifierSays([lines('log.jsonl', rows), ...asked]);
  assert.equal(other.status, 1);
  assert.match(other.stdout, /it is another row than the one that the checkpoint in line 1/);
});

test('one row, one checkpoint and one place are said as one', async (t) => {
  const { lines, key } = filesIn(t);
  const { rows } = chainOf('run-1');
  const whole = await verifierSays([lines('log.jsonl', rows.slice(0, 1)), '--key', key]);
  assert.match(whole.stdout, /^whole: 1 row, 0 checkpoints\n1 row is covered by no checkpoint\n/);
  const gone = rows.filter((_row, at) => at !== 1);
  const part = await verifierSays([lines('part.jsonl', gone), '--key', key, '--partial']);
  assert.match(part.stdout, /^whole: 5 rows, 1 checkpoint\nin 1 place rows are not in it: /);
});

test('what cannot be read is 2, because nothing is known of the log then; what no broker writes is 1', async (t) => {
  const { folder, lines, key } = filesIn(t);
  const { rows } = chainOf('run-1');
  const log = lines('log.jsonl', rows);
  const missing = join(folder, 'missing');
  for (const args of [
    [missing, '--key', key],
    [folder, '--key', key],
    [log, '--key', missing],
    [log, '--key', log],
    [log, '--key', key, '--checkpoints', missing],
    [log, '--key', key, '--archives', missing],
    [log, '--key', key, '--unknown'],
    [log],
  ]) {
    const { status, stdout, stderr } = await verifierSays(args);
    assert.equal(status, 2, `${args.join(' ')}: ${stdout}`);
    assert.notEqual(stderr, '');
  }
  for (const line of [null, 7, { ...rows[0], seq: -1 }, { ...rows[0], type: 'chain.checkpoint', details: 1 }]) {
    const { status, stdout } = await verifierSays([lines('odd.jsonl', [line]), '--key', key]);
    assert.equal(status, 1, JSON.stringify(line));
    assert.match(stdout, /NOT WHOLE/);
  }
});

test('a name that is written with escapes is met all the same', async (t) => {
  const { folder, key } = filesIn(t);
  const { rows } = chainOf('run-1');
  const log = join(folder, 'log.jsonl');
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(log, text.replace('"chain.checkpoint"', '"chain\\u002echeckpoint"'));
  const { status, stdout, stderr } = await verifierSays([log, '--key', key, '--json']);
  assert.equal(status, 0, stderr);
  assert.equal(Object(JSON.parse(stdout)).uncovered, 3);
});

test('nothing can be said in an export that no hash covers, and each line says one thing to every reader', async (t) => {
  const { folder, lines, key } = filesIn(t);
  const { rows } = chainOf('run-1');
  const [row = assert.fail()] = rows.slice(1);
  const { chain, seq, prev_hash, hash: itsHash, v } = row;
  const withheld = { chain, seq, prev_hash, hash: itsHash, v, withheld: true };
  const put = (other: object) => rows.map((each) => (each === row ? other : each));
  const honest = await verifierSays([lines('log.jsonl', put(withheld)), '--key', key]);
  assert.equal(honest.status, 0, honest.stdout);
  const invented = { ...withheld, chain: 'zz', seq: 0, prev_hash: '0'.repeat(64) };
  for (const wrong of [
    put({ ...row, withheld: true, actor: 'mallory' }),
    put({ ...withheld, actor: 'mallory' }),
    put({ ...row, seal: 'approved' }),
    put({ ...withheld, hash: [itsHash] }),
    [...rows, invented],
  ]) {
    const { status, stdout } = await verifierSays([lines('wrong.jsonl', wrong), '--key', key]);
    assert.equal(status, 1, stdout);
  }
  const text = rows.map((each) => `${JSON.stringify(each)}\n`).join('');
  for (const [from, to] of [
    ['"actor":"ada"', '"actor":"mallory","actor":"ada"'],
    ['"actor":"ada"', '"\\u0061ctor":"mallory","actor":"ada"'],
    ['"seq":1,', '"seq":1.0,'],
    ['"seq":1,', '"seq":1e0,'],
  ] as const) {
    const log = join(folder, 'twice.jsonl');
    writeFileSync(log, text.replace(from, to));
    const { status, stdout } = await verifierSays([log, '--key', key]);
    assert.equal(status, 1, `${to}: ${stdout}`);
    assert.match(stdout, /has a member twice, or a number that is not written as it is/);
  }
  // A chain of which only its own beginning speaks may be the newest one: it is told.
  const young = await verifierSays([
    lines('young.jsonl', [...rows, ...chainOf('run-2').rows.slice(0, 2)]),
    '--key',
    key,
  ]);
  assert.equal(young.status, 0, young.stdout);
  assert.match(young.stdout, /chain "run-2" is named by no checkpoint, archive or other chain/);
});

test('where there is nothing to verify, or something else than rows and a key, that is said, and nothing is called whole', async (t) => {
  const { folder, lines, key } = filesIn(t);
  const log = lines('log.jsonl', chainOf('run-1').rows);
  const empty = lines('empty.jsonl', []);
  const table = join(folder, 'table.csv');
  writeFileSync(table, 'chain,seq,kind\nrun-1,0,call\n');
  const records = lines('records.jsonl', [
    {
      ...{ chain: 'run-1', seq: 1, type: 'secret.set', id: 'e1', ts: AT, workspace_id: 'default', actor: 'ada' },
      ...{
        prev_hash: 'a'.repeat(64),
        hash: 'b'.repeat(64),
        intent_seq: null,
        intent_prev_hash: null,
        intent_hash: null,
      },
    },
  ]);
  const noKeys = lines('keys.json', [{ keys: [] }]);
  for (const [args, said] of [
    [[empty, '--key', key], /nothing to verify/],
    [[log, '--key', key, '--checkpoints', empty], /there is no checkpoint in/],
    [[table, '--key', key], /is no export of rows: it may be a table/],
    [[records, '--key', key], /holds records/],
    [[log, '--key', noKeys], /is no public key/],
    [[log, '--key', log], /is no public key/],
  ] as const) {
    const { status, stdout, stderr } = await verifierSays(args);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
    assert.match(stderr, said);
  }
});

interface Check {
  row(row: object, line: number): void;
  end(): number;
}

test('of a row that nobody names nothing is kept, and of an export that is read once little more than its hash', () => {
  const { createCheck, createNamed } = createRequire(import.meta.url)(VERIFIER) as {
    createCheck(keys: readonly unknown[], isPartial: boolean, named: object | undefined): Check;
    createNamed(): object;
  };
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const used = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const ROWS = 100_000;
  /** Bytes a row. Rows that are withheld have no text to hash. */
  const growth = (check: Check): number => {
    const hashOf = (seq: number) => seq.toString(16).padStart(64, '0');
    const feed = (from: number, to: number) => {
      for (let seq = from; seq < to; seq += 1)
        check.row({ chain: 'c', seq, prev_hash: hashOf(seq), hash: hashOf(seq + 1), v: 2, withheld: true }, seq + 1);
    };
    feed(0, 10_000);
    const before = used();
    feed(10_000, 10_000 + ROWS);
    const grown = (used() - before) / ROWS;
    assert.equal(check.end(), 10_000 + ROWS, 'no checkpoint covers them');
    return grown;
  };
  const [twice, once] = [growth(createCheck([], true, createNamed())), growth(createCheck([], true, undefined))];
  assert.ok(twice < 4, `${twice} bytes a row`);
  assert.ok(once < 64, `${once} bytes a row`);
});
