import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syslogEntry } from './syslog-entry.ts';

const BY = { version: '1.2.3', host: 'broker-1', mostBytes: null };
const entryOf = (data: object, type = 'call.ended') => ({
  ...{ id: 'w-1:41', type, timestamp: '2026-11-30T12:00:00.000Z', data },
});

test('an entry says by what it is known, who sent it, and how severe it is', () => {
  const call = {
    workspace_id: 'default',
    server: 'github',
    status: 'denied',
    decision: 'deny',
    member: 'ada',
    latency_ms: 2,
  };
  assert.equal(
    syslogEntry(entryOf(call), BY),
    '<108>1 2026-11-30T12:00:00.000Z broker-1 mcpgate w-1 call.ended ' +
      '[mcpgate@32473 id="w-1:41" type="call.ended" workspace_id="default" server="github" status="denied" decision="deny" member="ada"]' +
      '[meta sequenceId="42"][origin software="mcpgate" swVersion="1.2.3"] ' +
      JSON.stringify(call),
  );
  const priorities = [
    [entryOf({ status: 'ok' }), '<110>'],
    [entryOf({ status: 'tool_error' }), '<109>'],
    [entryOf({ status: 'timeout' }), '<107>'],
    [entryOf({}, 'call.begun'), '<110>'],
    [entryOf({}, 'auth.rejected'), '<108>'],
    [entryOf({}, 'rule.added'), '<109>'],
  ] as const;
  for (const [entry, priority] of priorities) assert.ok(syslogEntry(entry, BY).startsWith(priority), priority);
});

test('one that is too long stays JSON, and says what was left out of it', () => {
  const long = {
    kept: 1,
    arg_keys: Array.from({ length: 900 }, (_each, index) => `key-${index}`),
    data: { after: 'ü'.repeat(2_000) },
  };
  const text = syslogEntry(entryOf(long), BY);
  assert.ok(text.length <= 8_192, String(text.length));
  assert.match(text, / left_out="data\.after arg_keys"\]/);
  assert.deepEqual(JSON.parse(text.slice(text.indexOf(' {') + 1)), { kept: 1, arg_keys: null, data: { after: null } });
  const roomy = syslogEntry(entryOf(long), { ...BY, mostBytes: 50_000 });
  assert.equal(roomy.includes('left_out'), false);
  const wide = Object.fromEntries(Array.from({ length: 900 }, (_each, index) => [`member-${index}`, 'x']));
  assert.match(syslogEntry(entryOf(wide), BY), / left_out="all"\].* \{\}$/);
});

test('no value of a record can end its message, or pretend to be another one', () => {
  const text = syslogEntry(
    entryOf({ member: 'ada"]\n<13>1 - - evil', tool: 'a\r\nb\u0000\u2028\ud800', actor: 'ü'.repeat(300) }),
    BY,
  );
  assert.match(text, /^[\x20-\x7e]+$/);
  assert.match(text, / member="ada\\"\\\]_<13>1 - - evil"/);
});
