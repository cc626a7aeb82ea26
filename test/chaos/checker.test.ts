// The checker finds what it is there to find: each test plants one thing in the logs of a clean run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLogs, type Difference } from './checker.ts';
import type { Logs } from './ledger.ts';

interface Growing {
  asked: Logs['asked'][number][];
  received: Logs['received'][number][];
  executed: Logs['executed'][number][];
  audited: Logs['audited'][number][];
  ends: Logs['ends'][number][];
}

const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  assert.ok(item !== undefined);
  return item;
};

function cleanRun(): Growing {
  const tokens = ['a-1', 'a-2', 'b-1'];
  return {
    asked: tokens.map((token, at) => ({ token, client: 'a', tool: 'quick', trace: `trace of ${token}`, at })),
    received: tokens.map((token, i) => ({ token, at: 100 + i, kind: 'ok', answers: token, text: `quick ${token};` })),
    executed: tokens.map((token, i) => ({ token, at: 50 + i })),
    audited: tokens.map((token) => ({ id: `id of ${token}`, trace: `trace of ${token}`, status: 'ok' })),
    ends: [],
  };
}

function found(change: (logs: Growing) => void): Pick<Difference, 'what' | 'token'>[] {
  const logs = cleanRun();
  change(logs);
  return compareLogs(logs).differences.map(({ what, token }) => ({ what, token }));
}

const PLANTED: readonly [string, (logs: Growing) => void, Difference['what']][] = [
  ['a lost answer', (logs) => logs.received.shift(), 'lost'],
  ['a second answer', (logs) => logs.received.push(first(logs.received)), 'answered twice'],
  ['a second execution', (logs) => logs.executed.push(first(logs.executed)), 'executed twice'],
  ['an answer of another call', (logs) => (first(logs.received).answers = 'a-2'), 'foreign answer'],
  ['an answer that is cut short', (logs) => (first(logs.received).answers = undefined), 'foreign answer'],
  ['a missing record', (logs) => logs.audited.shift(), 'not recorded'],
  ['a second record', (logs) => logs.audited.push({ ...first(logs.audited), id: 'another' }), 'recorded twice'],
  ['a record without its outcome', (logs) => (first(logs.audited).status = 'unknown'), 'recorded otherwise'],
  ['an unknown outcome with no kill', (logs) => (first(logs.received).kind = 'unknown'), 'unknown without a kill'],
];

for (const [name, plant, what] of PLANTED) {
  test(`the checker finds ${name}`, () => assert.deepEqual(found(plant), [{ what, token: 'a-1' }]));
}

test('a clean run has no difference', () => {
  assert.deepEqual(compareLogs(cleanRun()), { calls: 3, ok: 3, unknown: 0, failed: 0, differences: [] });
});

test('an answer without an execution is found, in the answer and in the record', () => {
  const differences = found((logs) => logs.executed.shift());
  assert.deepEqual(
    differences.map(({ what }) => what),
    ['answered but not executed', 'recorded otherwise'],
  );
});

test('a call that was carried out and is reported as failed is found', () => {
  const differences = found((logs) => {
    first(logs.received).kind = 'failed';
    first(logs.audited).status = 'failed';
  });
  assert.deepEqual(differences, [{ what: 'executed but called failed', token: 'a-1' }]);
});

const unknownBy = (...ends: Growing['ends']) =>
  found((logs) => {
    first(logs.received).kind = 'unknown';
    first(logs.audited).status = 'unknown';
    logs.ends.push(...ends);
  });
const flagged = [{ what: 'unknown without a kill', token: 'a-1' }];

test('an outcome may be unknown where a broker was killed between question and answer, and only then', () => {
  assert.deepEqual(unknownBy({ at: 70, signal: 'SIGKILL' }), []);
  assert.deepEqual(unknownBy({ at: 70, signal: 'SIGTERM' }), flagged);
  assert.deepEqual(unknownBy({ at: 101, signal: 'SIGKILL' }), flagged);
  assert.deepEqual(unknownBy({ at: -1, signal: 'SIGKILL' }), flagged, 'it was carried out by the next one');
});

test('a call that reached no broker may have been written to one that was just killed', () => {
  const unreached = (...ends: Growing['ends']) =>
    found((logs) => {
      first(logs.received).kind = 'unknown';
      logs.executed.shift();
      logs.audited.shift();
      logs.ends.push(...ends);
    });
  assert.deepEqual(unreached({ at: -1, signal: 'SIGKILL' }), []);
  assert.deepEqual(unreached({ at: -2, signal: 'SIGKILL' }, { at: -1, signal: 'SIGTERM' }), flagged);
});

test('what nobody asked is found in every log', () => {
  const differences = found((logs) => {
    logs.received.push({ ...first(logs.received), token: 'x' });
    logs.executed.push({ token: 'y', at: 0 });
    logs.audited.push({ id: 'z', trace: 'z', status: 'ok' });
  });
  assert.deepEqual(
    differences.map(({ what, token }) => `${what} ${token}`),
    ['never asked x', 'never asked y', 'never asked z'],
  );
});
