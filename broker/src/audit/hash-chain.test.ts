import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import type { AuditRow } from '../store/audit-row.ts';
import { GENESIS, hashRow, verifyChain } from './hash-chain.ts';

function makeChain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  let prevHash = GENESIS.hash;
  for (let seq = 1; seq <= length; seq += 1) {
    const row = {
      id: `id-${seq}`,
      workspaceId: 'default',
      ts: 1_790_000_000_000 + seq,
      writer: 'w1',
      seq,
      type: 'login.approved',
      callId: null,
      actor: 'ada',
      subject: 'device:x',
      server: null,
      toolName: null,
      data: '{}',
    };
    const hash = hashRow(prevHash, row);
    rows.push({ ...row, prevHash, hash });
    prevHash = hash;
  }
  return rows;
}

it('hashes a row in the form that anyone can compute again', () => {
  const [row] = makeChain(1);
  assert.ok(row);
  const text = `${'0'.repeat(64)}\n["id-1","default",1790000000001,"w1",1,"login.approved",null,"ada","device:x",null,null,"{}"]`;
  assert.equal(row.hash, createHash('sha256').update(text).digest('hex'));
});

it('accepts an untouched chain, as a whole and in parts', () => {
  const rows = makeChain(5);
  const end = { seq: 5, hash: rows[4]?.hash };
  assert.deepEqual(verifyChain(rows), { ok: true, rows: 5, last: end });
  const first = verifyChain(rows.slice(0, 2));
  assert.ok(first.ok);
  assert.deepEqual(verifyChain(rows.slice(2), first.last), { ok: true, rows: 3, last: end });
  assert.deepEqual(verifyChain([]), { ok: true, rows: 0, last: GENESIS });
});

it('finds a change of any field of any row', () => {
  const changes: Partial<AuditRow>[] = [
    { id: 'x' },
    { workspaceId: 'x' },
    { ts: 1 },
    { type: 'x' },
    { callId: 'x' },
    { actor: null },
    { actor: 'ada"' },
    { subject: null },
    { server: 'x' },
    { toolName: 'x' },
    { data: '{ }' },
    { hash: 'x' },
    { prevHash: 'x' },
  ];
  for (const change of changes) {
    for (let seq = 1; seq <= 3; seq += 1) {
      const rows = makeChain(3).map((row) => (row.seq === seq ? { ...row, ...change } : row));
      const verdict = verifyChain(rows);
      assert.ok(!verdict.ok && verdict.seq === seq, `${JSON.stringify(change)} in row ${seq}`);
    }
  }
});

it('finds a changed row even where its own hash was computed again', () => {
  const rows = makeChain(3).map((row) => {
    if (row.seq !== 2) return row;
    const forged = { ...row, actor: 'eve' };
    return { ...forged, hash: hashRow(row.prevHash, forged) };
  });
  const verdict = verifyChain(rows);
  assert.ok(!verdict.ok && verdict.seq === 3);
});

it('finds rows that were removed, added, moved or taken from another chain', () => {
  const [a, b, c] = makeChain(3);
  assert.ok(a && b && c);
  const missing = (seq: number) => `row ${seq} should stand here: rows were removed, added or moved`;
  const replaced = { ...b, actor: 'eve' };
  const cases: [AuditRow[], number, string][] = [
    [[b, c], 2, missing(1)],
    [[a, c], 3, missing(2)],
    [[a, a, b], 1, missing(2)],
    [[a, c, b], 3, missing(2)],
    [[a, { ...b, writer: 'w2' }], 2, `it belongs to the chain of w2, not ${a.writer}`],
    [[a, replaced], 2, 'its content is not what was written'],
    [
      [a, { ...replaced, hash: hashRow(a.hash, replaced) }, c],
      3,
      'it does not follow the row before it: one of the two was replaced',
    ],
  ];
  for (const [rows, seq, reason] of cases) {
    const verdict = verifyChain(rows);
    assert.ok(!verdict.ok);
    assert.deepEqual([verdict.seq, verdict.reason], [seq, reason]);
  }
  assert.equal(verifyChain([a, b]).ok, true, 'a cut end shows only against a position kept elsewhere');
});
