import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../domain/call-record.ts';
import { createRefusedEvents } from './refused-events.ts';

/** A clock that is moved by hand. */
function open() {
  let now = 1_000_000;
  let timers: { at: number; run: () => void }[] = [];
  const rows: AuditEvent[] = [];
  const events = createRefusedEvents({
    clock: {
      now: () => now,
      after(delayMs, run) {
        const timer = { at: now + delayMs, run };
        timers.push(timer);
        return () => (timers = timers.filter((each) => each !== timer));
      },
    },
    record(event) {
      rows.push(event);
      return Promise.resolve();
    },
    onError: (error) => assert.fail(String(error)),
  });
  return {
    rows,
    events,
    pass(ms: number) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

const refusal = (door: string, reason: string, address = '192.0.2.1'): AuditEvent => ({
  workspace_id: 'default',
  type: 'auth.rejected',
  actor: 'anonymous',
  subject: null,
  address,
  data: { door, reason },
});

test('refusals have their rows until they are a flood, and then one row a minute says how many more there were', async () => {
  const { rows, events, pass } = open();
  for (let index = 0; index < 15_000; index++) await events.note(refusal('mcp', 'unknown', `198.51.100.${index % 50}`));
  assert.equal(rows.length, 100);
  pass(59_000);
  assert.equal(rows.length, 100);
  pass(1_000);
  assert.equal(rows.length, 101);
  const told = rows.at(-1);
  assert.deepEqual([told?.data['door'], told?.data['reason'], told?.data['unrecorded']], ['mcp', 'unknown', 14_900]);
  const addresses = told?.data['addresses'];
  assert.ok(Array.isArray(addresses) && addresses.length === 10);
  pass(600_000);
  assert.equal(rows.length, 101, 'nothing is told where nothing was counted');
});

test('a flood of one kind takes nothing from the rows of another', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 5_000; index++) await events.note(refusal('mcp', 'unknown'));
  await events.note(refusal('tunnel', 'revoked'));
  assert.equal(rows.at(-1)?.data['reason'], 'revoked');
});

test('kinds that a stranger could make up are one kind', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 20_000; index++) await events.note(refusal('mcp', `made up ${index}`));
  assert.ok(rows.length < 700, `${rows.length} rows`);
});

test('what was counted is told when the broker ends', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 150; index++) await events.note(refusal('api', 'mistyped'));
  await events.tell();
  assert.equal(rows.at(-1)?.data['unrecorded'], 50);
});
