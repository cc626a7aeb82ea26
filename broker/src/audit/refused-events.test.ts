import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AuditEvent } from '../domain/call-record.ts';
import { createRefusedEvents } from './refused-events.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A clock that is moved by hand. `failing`: what is thrown where a row is to be written. */
function open(failing?: Error, told: unknown[] = []) {
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
      return failing === undefined || event.data['unrecorded'] === undefined
        ? Promise.resolve()
        : Promise.reject(failing);
    },
    onError: (error) => (failing === undefined ? assert.fail(String(error)) : told.push(error)),
  });
  return {
    rows,
    events,
    timers: () => timers.length,
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
  assert.equal(told?.data['since'], new Date(1_000_000).toISOString());
  const addresses = told.data['addresses'];
  assert.ok(Array.isArray(addresses) && addresses.length === 10);
  const bySource = told.data['by_source'];
  assert.ok(Array.isArray(bySource) && bySource.length === 10);
  assert.match(String(bySource[0]), /^198\.51\.100\.\d+ \(\d+\)$/);
  pass(600_000);
  assert.equal(rows.length, 101, 'nothing is told where nothing was counted');
});

test('one source that goes on and on takes a quarter of the rows of its kind at most, and the others have theirs', async () => {
  const { rows, events, pass } = open();
  for (let index = 0; index < 5_000; index++) await events.note(refusal('mcp', 'unknown', '192.0.2.66'));
  assert.equal(rows.length, 25);
  for (let index = 0; index < 20; index++) await events.note(refusal('mcp', 'unknown', `198.51.100.${index}`));
  assert.deepEqual(
    rows.slice(25).map(({ address }) => address),
    Array.from({ length: 20 }, (_none, index) => `198.51.100.${index}`),
  );
  pass(60_000);
  assert.deepEqual([rows.at(-1)?.data['unrecorded'], rows.at(-1)?.data['by_source']], [4_975, ['192.0.2.66 (4975)']]);
});

test('an address of IPv6 counts by its /64 network, whatever it makes of the rest', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 1_000; index++)
    await events.note(refusal('mcp', 'unknown', `2001:db8::${index.toString(16)}`));
  assert.equal(rows.length, 25);
});

test('a flood from ever new networks takes a bounded part of the memory, and no more rows than another', async () => {
  const { rows, events } = open();
  const flood = async (from: number, to: number) => {
    for (let index = from; index < to; index++)
      await events.note(
        refusal('mcp', 'unknown', `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`),
      );
  };
  await flood(0, 20_000);
  collect();
  const before = process.memoryUsage().heapUsed;
  await flood(20_000, 80_000);
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 4_000_000, `${grown} bytes`);
  assert.equal(rows.length, 100);
  await events.tell();
  const told = rows.at(-1)?.data;
  assert.equal(told?.['unrecorded'], 79_900);
  assert.equal(Object(told['by_source']).length, 10);
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

test('events that were counted are recorded when the broker ends', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 150; index++) await events.note(refusal('api', 'mistyped'));
  await events.tell();
  assert.equal(rows.at(-1)?.data['unrecorded'], 125);
});

test('the row of those without one says their kind, their number, and from where some came, each address once', async () => {
  const { rows, events, pass } = open();
  const event = { ...refusal('mcp', 'unknown'), data: { door: 'mcp', reason: 'unknown', via: 'tunnel', count: 3 } };
  for (let index = 0; index < 100; index++) await events.note({ ...event, address: `198.51.100.${index % 4}` });
  assert.deepEqual(rows.at(-1), { ...event, address: '198.51.100.3' }, 'a row of its own is as it came');
  for (const address of ['192.0.2.1', '192.0.2.1', '2001:db8::1', '2001:db8::2', null])
    await events.note({ ...event, address });
  pass(60_000);
  assert.deepEqual(rows.slice(100), [
    {
      ...{ workspace_id: 'default', type: 'auth.rejected', actor: 'anonymous', subject: null, address: null },
      data: {
        ...{ door: 'mcp', reason: 'unknown', via: 'tunnel', unrecorded: 5 },
        ...{ since: new Date(1_000_000).toISOString(), addresses: ['192.0.2.1', '2001:db8:0:0::/64'] },
        by_source: ['192.0.2.1 (2)', '2001:db8:0:0::/64 (2)', 'anonymous (1)'],
      },
    },
  ]);
});

test('workspaces, types, doors, reasons and ways are kinds of their own', async () => {
  const { rows, events } = open();
  const first = refusal('mcp', 'unknown');
  for (let index = 0; index < 150; index++) await events.note({ ...first, address: `198.51.100.${index}` });
  const others = [
    { ...first, workspace_id: 'team-b' },
    { ...first, type: 'login.failed' },
    { ...first, data: { ...first.data, door: 'api' } },
    { ...first, data: { ...first.data, reason: 'revoked' } },
    { ...first, data: { ...first.data, via: 'tunnel' } },
  ];
  for (const each of others) await events.note(each);
  assert.deepEqual(rows.slice(100), others, 'and a source has a rate of its own in each');
  await events.note({ ...first, data: { ...first.data, name: 'any' } });
  assert.equal(rows.length, 105, 'other words make no kind');
});

test('a member of an event that is no text makes no kind of its own, and is not recorded for one', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 150; index++)
    await events.note({ ...refusal('mcp', ''), data: { door: 'mcp', reason: index } });
  assert.equal(rows.length, 25);
  await events.tell();
  assert.deepEqual(rows.at(-1)?.data, {
    ...{ door: 'mcp', unrecorded: 125, since: new Date(1_000_000).toISOString() },
    ...{ addresses: ['192.0.2.1'], by_source: ['192.0.2.1 (125)'] },
  });
});

test('after a minute they are counted anew, and what is told at the end is not told again', async () => {
  const { rows, events, pass, timers } = open();
  const flood = async (count: number) => {
    for (let index = 0; index < count; index++) await events.note(refusal('mcp', 'unknown'));
  };
  await flood(28);
  assert.equal(timers(), 1);
  pass(60_000);
  await flood(8);
  await events.tell();
  assert.equal(timers(), 0, 'nothing is left to be told');
  pass(60_000);
  await events.tell();
  assert.deepEqual(
    rows.flatMap(({ data }) => data['unrecorded'] ?? []),
    [3, 7],
    'one of the eight has a row: one in fifty seconds',
  );
});

test('where the row cannot be written, that is told to whoever runs the broker', async () => {
  const told: unknown[] = [];
  const failure = new Error('the log is full');
  const { events, pass } = open(failure, told);
  for (let index = 0; index < 26; index++) await events.note(refusal('mcp', 'unknown'));
  pass(60_000);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(told, [failure]);
  await events.note(refusal('api', 'unknown'));
  for (let index = 0; index < 101; index++) await events.note(refusal('api', 'unknown'));
  await assert.rejects(events.tell(), failure);
});

test('past five hundred kinds the rest are one kind, which says no word of theirs', async () => {
  const { rows, events } = open();
  for (let index = 0; index < 500; index++) await events.note(refusal('mcp', `made up ${index}`));
  for (let index = 0; index < 150; index++) await events.note(refusal('mcp', `more ${index}`));
  await events.tell();
  const [counted] = rows.filter(({ data }) => data['unrecorded'] !== undefined);
  assert.deepEqual(
    [counted?.workspace_id, counted?.type, counted?.data],
    [
      ...['default', 'auth.rejected'],
      {
        ...{ unrecorded: 125, since: new Date(1_000_000).toISOString() },
        ...{ addresses: ['192.0.2.1'], by_source: ['192.0.2.1 (125)'] },
      },
    ],
  );
  await events.note(refusal('mcp', 'made up 7'));
  assert.equal(rows.at(-1)?.data['reason'], 'made up 7', 'what was known before stays of its kind');
});
