import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { AuditRow, RowFields } from '../store/audit/row.ts';
import { canonicalRow } from './canonical-row.ts';
import { GENESIS, genesisOf, hashRow, verifyChain } from './hash-chain.ts';

const AT = 1_790_000_000_000 * 1_024;
const ID = '019f6b5e-7c00-7000-8000-000000000000';
const EVENT: RowFields = {
  ...{ kind: 'event', workspaceId: 'default', type: 'login.approved', actor: 'ada', subject: 'device:x' },
  details: '{"address":null,"data":{"n":1}}',
};
const INTENT: RowFields = {
  ...{ kind: 'intent', workspaceId: 'default', actor: 'ada', server: 'github', toolName: 'github__list' },
  ...{ caller: '{"member":"ada"}', policy: '{"decision":"allow"}', asked: '{"method":"tools/call"}' },
  ...{ requestBytes: 120, argsDigest: 'ab', sessionId: 's "1"', traceId: null },
};
const OUTCOME: RowFields = {
  ...{ kind: 'outcome', workspaceId: 'default', call: { chain: 'w1', seq: 1 }, ended: '{"status":"ok"}' },
  ...{ latencyMs: 12.5, upstreamMs: null, responseBytes: 2_000 },
};
const CHAIN: RowFields = { kind: 'chain', type: 'chain.ended', details: '{}' };
const OLD: RowFields = {
  ...{ kind: 'old', workspaceId: 'default', ts: 1_790_000_000_001, type: 'login.approved', callId: null },
  ...{ actor: 'ada', subject: 'device:x', server: null, toolName: null, data: '{}' },
};
const KINDS = [EVENT, INTENT, OUTCOME, CHAIN, OLD];

function chainOf(all: readonly RowFields[], from = GENESIS): AuditRow[] {
  const rows: AuditRow[] = [];
  let prevHash = from.hash;
  for (const [index, fields] of all.entries()) {
    const seq = from.seq + 1 + index;
    const row = {
      ...fields,
      chain: 'w1',
      seq,
      at: AT + seq,
      id: `${ID.slice(0, -1)}${seq}`,
      position: seq,
      seal: null,
    };
    const hash = hashRow(prevHash, row);
    rows.push({ ...row, prevHash, hash });
    prevHash = hash;
  }
  return rows;
}

const makeChain = (length: number): AuditRow[] =>
  chainOf(
    Array.from({ length }, () => EVENT),
    { ...GENESIS, seq: 0 },
  );
const fromOne = { ...GENESIS, seq: 0 };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it('hashes each kind of row in the form that anyone can compute again', () => {
  const prev = '0'.repeat(64);
  const texts = KINDS.map((fields) => canonicalRow({ ...fields, chain: 'w1', seq: 7, at: AT, id: ID }, prev));
  const ts = '2026-09-21T14:13:20.000Z';
  assert.deepEqual(texts, [
    `{"actor":"ada","chain":"w1","details":{"address":null,"data":{"n":1}},"id":"${ID}","prev_hash":"${prev}","seq":7,"subject":"device:x","ts":"${ts}","type":"login.approved","v":2,"workspace_id":"default"}`,
    `{"actor":"ada","args_digest":"ab","asked":{"method":"tools/call"},"caller":{"member":"ada"},"chain":"w1","id":"${ID}","policy":{"decision":"allow"},"prev_hash":"${prev}","request_bytes":120,"seq":7,"server":"github","session_id":"s \\"1\\"","tool_name":"github__list","trace_id":null,"ts":"${ts}","type":"call.intent","v":2,"workspace_id":"default"}`,
    `{"call":"w1#1","chain":"w1","ended":{"status":"ok"},"id":"${ID}","latency_ms":12.5,"prev_hash":"${prev}","response_bytes":2000,"seq":7,"ts":"${ts}","type":"call.outcome","upstream_ms":null,"v":2,"workspace_id":"default"}`,
    `{"chain":"w1","details":{},"id":"${ID}","prev_hash":"${prev}","seq":7,"ts":"${ts}","type":"chain.ended","v":2}`,
    `${prev}\n["${ID}","default",1790000000001,"w1",7,"login.approved",null,"ada","device:x",null,null,"{}"]`,
  ]);
  for (const text of texts.slice(0, 4)) assert.equal(canonicalJson(JSON.parse(text)), text, 'it is canonical JSON');
  for (const [index, row] of chainOf(KINDS, { ...GENESIS, seq: 6 }).entries())
    assert.equal(row.hash, sha256(canonicalRow(row, row.prevHash)), `row ${index}`);
});

it('chains of format 1 are counted from 1, those of today from 0', () => {
  assert.deepEqual([genesisOf(1).seq, genesisOf(2).seq], [0, -1]);
  assert.deepEqual(verifyChain(chainOf([OLD, OLD], genesisOf(1)), genesisOf(1)).ok, true);
  assert.deepEqual(verifyChain(chainOf([CHAIN, EVENT])).ok, true);
});

it('accepts an untouched chain, as a whole and in parts', () => {
  const rows = makeChain(5);
  const end = { seq: 5, hash: rows[4]?.hash };
  assert.deepEqual(verifyChain(rows, fromOne), { ok: true, rows: 5, last: end });
  const first = verifyChain(rows.slice(0, 2), fromOne);
  assert.ok(first.ok);
  assert.deepEqual(verifyChain(rows.slice(2), first.last), { ok: true, rows: 3, last: end });
  assert.deepEqual(verifyChain([]), { ok: true, rows: 0, last: GENESIS });
});

it('finds a change of any field of any row of any kind', () => {
  const chain = chainOf([CHAIN, ...KINDS.filter(({ kind }) => kind !== 'old')]);
  assert.ok(verifyChain(chain).ok);
  let changes = 0;
  for (const [index, row] of chain.entries()) {
    const names = Object.keys(row).filter((name) => !['position', 'seal', 'kind', 'seq'].includes(name));
    for (const name of names) {
      const was = Object(row)[name];
      const is =
        typeof was === 'number'
          ? was + 1_024
          : name === 'call'
            ? { chain: 'w1', seq: 9 }
            : was === null
              ? 'x'
              : `${was} `;
      const verdict = verifyChain(chain.map((each) => (each === row ? { ...row, [name]: is } : each)));
      assert.ok(!verdict.ok && verdict.seq === index, `${name} of a row of the kind ${row.kind}`);
      changes += 1;
    }
  }
  assert.ok(changes > 50);
  const old = chainOf([OLD, OLD, OLD], fromOne);
  for (const name of Object.keys(OLD).filter((each) => each !== 'kind')) {
    const rows = old.map((row) => (row.seq === 2 ? { ...row, [name]: 'x' } : row));
    const verdict = verifyChain(rows, fromOne);
    assert.ok(!verdict.ok && verdict.seq === 2, name);
  }
});

it('finds a changed row even where its own hash was computed again', () => {
  const rows = makeChain(3).map((row) => {
    if (row.seq !== 2) return row;
    const forged = { ...row, ...EVENT, actor: 'eve' };
    return { ...forged, hash: hashRow(row.prevHash, forged) };
  });
  const verdict = verifyChain(rows, fromOne);
  assert.ok(!verdict.ok && verdict.seq === 3);
});

it('finds rows that were removed, added, moved or taken from another chain', () => {
  const [a, b, c] = makeChain(3);
  assert.ok(a && b && c);
  const missing = (seq: number) => `row ${seq} should stand here: rows were removed, added or moved`;
  const replaced = { ...b, ...EVENT, actor: 'eve' };
  const cases: [AuditRow[], number, string][] = [
    [[b, c], 2, missing(1)],
    [[a, c], 3, missing(2)],
    [[a, a, b], 1, missing(2)],
    [[a, c, b], 3, missing(2)],
    [[a, { ...b, chain: 'w2' }], 2, `it belongs to the chain of w2, not ${a.chain}`],
    [[a, replaced], 2, 'its content is not what was written'],
    [
      [a, { ...replaced, hash: hashRow(a.hash, replaced) }, c],
      3,
      'it does not follow the row before it: one of the two was replaced',
    ],
  ];
  for (const [rows, seq, reason] of cases) {
    const verdict = verifyChain(rows, fromOne);
    assert.ok(!verdict.ok);
    assert.deepEqual([verdict.seq, verdict.reason], [seq, reason]);
  }
  assert.equal(verifyChain([a, b], fromOne).ok, true, 'a cut end shows only against a position kept elsewhere');
});
