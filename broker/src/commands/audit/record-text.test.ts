import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';
import type { Call, Event } from 'mcpgate-shared/api/audit';
import { textWidth } from 'mcpgate-shared/text-width';
import { formatColumns } from './columns.ts';
import { paintFor, timeColumn } from './record-text.ts';
import { callColumns, eventColumns } from './search.ts';
import { storyText } from './show.ts';
import { lineWriter } from './tail.ts';

const chain = { seq: 1, prev_hash: '', hash: '' };
const CALL: Call = {
  id: '019ad5a0-1c2d-7001-8000-0123456789ab',
  ts: '2026-11-30T08:00:00.000Z',
  workspace_id: 'default',
  member_id: null,
  member: null,
  credential_kind: 'grant',
  credential_id: 'g',
  credential_label: 'ci',
  device: null,
  client_name: null,
  client_version: null,
  session_id: 's',
  server: 'github',
  method: 'resources/read',
  tool_name: null,
  decision: 'deny',
  rule: null,
  policy_version: 1,
  status: 'denied',
  error_code: null,
  latency_ms: null,
  upstream_ms: null,
  request_bytes: 0,
  response_bytes: 0,
  args_digest: null,
  arg_keys: [],
  secret_versions: [],
  attempts: null,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
  trace_id: null,
  ...chain,
};
const LONG: Call = {
  ...CALL,
  ...{ member: 'maximiliane.von-und-zu-hohenstein', client_name: 'visual-studio-code', server: 'everything-else' },
  ...{
    tool_name: 'everything-else__create_or_update_file',
    decision: 'would_deny',
    status: 'ok',
    latency_ms: 12_345.6,
  },
};
const EVENT: Event = {
  id: '019ad5a0-1c2e-7001-8000-0123456789ab',
  ts: '2026-11-30T08:00:01.000Z',
  workspace_id: 'default',
  type: 'login.refused',
  actor: 'anyone',
  subject: null,
  address: null,
  data: { device: null, reason: 'expired', groups: ['a', 'b'], count: 0, again: false, note: null },
  ...chain,
};

const on = (columns: number | undefined, env: Record<string, string> = {}) => {
  const stdout = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns });
  return { stdout, env, now: () => Date.parse('2026-12-03T09:00:00Z') };
};
type Session = Parameters<typeof callColumns>[0];
const session = (columns: number | undefined, env: Record<string, string> = {}): Session =>
  ({ context: on(columns, env) }) as unknown as Session;

const table = (width: number | undefined, env?: Record<string, string>): string =>
  formatColumns(callColumns(session(width, env), [CALL, LONG], width), [CALL, LONG], width);
const events = (width: number | undefined): string =>
  formatColumns(eventColumns(session(width), [EVENT], width), [EVENT], width);

test('calls and events fit any terminal from 80 columns on, with the whole time and status and the beginning of the id', () => {
  for (const width of [80, 100, 119, 120, 200]) {
    for (const text of [table(width), events(width)]) {
      const lines = stripVTControlCharacters(text).trimEnd().split('\n');
      for (const line of lines) assert.ok(textWidth(line) <= width, `${width}: ${line}`);
      assert.match(lines[1] ?? '', /\b11-30 08:00\b/);
      assert.match(text, /019ad5a0-1c2/);
    }
    const plain = stripVTControlCharacters(table(width));
    for (const word of ['denied', 'would_deny', '12346', 'TIME +00:00'])
      assert.ok(plain.includes(word), `${width}: ${word}`);
  }
  assert.match(stripVTControlCharacters(table(80)), /everything-else__/);
});

test('a pipe gets whole texts, the zone with every time, and no colours', () => {
  const text = table(undefined);
  assert.equal(text, stripVTControlCharacters(text));
  assert.match(text, /2026-11-30 08:00:00 \+00:00 {2}grant:ci/);
  assert.ok(text.includes(CALL.id) && text.includes('everything-else__create_or_update_file'));
});

test('what was denied is red, what would have been is yellow, and nothing is where NO_COLOR says so', () => {
  assert.ok(table(80).includes('\u001b[31mdenied\u001b[39m'));
  assert.ok(table(80).includes('\u001b[33mwould_deny\u001b[39m'));
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.ok(!table(80, env).includes('\u001b'));
});

test('details of an event that are null are not shown', () => {
  assert.ok(events(200).includes('reason=expired groups=a,b count=0 again=false'));
});

test('times of one day have no day, and a zone that changes stands with each of them', () => {
  const today = timeColumn([CALL.ts], Date.parse('2026-11-30T20:00:00Z'), true);
  assert.deepEqual([today.head, today.text(CALL.ts)], ['TIME +00:00', '08:00:00']);
  const older = timeColumn([CALL.ts], Date.parse('2026-12-03T09:00:00Z'), false);
  assert.equal(older.text(CALL.ts), '2026-11-30 08:00:00');
});

test('lines of the tail fit the terminal, stand below each other, and say the day once', () => {
  for (const width of [80, 120, 160]) {
    const write = lineWriter(width, paintFor(on(width)));
    const lines = [
      { kind: 'call', record: CALL } as const,
      { kind: 'call', record: LONG } as const,
      { kind: 'event', record: EVENT } as const,
    ]
      .map((line) => stripVTControlCharacters(write(line)))
      .join('\n')
      .split('\n');
    assert.equal(lines[0], '2026-11-30 +00:00');
    assert.equal(lines.length, 4);
    for (const line of lines) assert.ok(textWidth(line) <= width, `${width}: ${line}`);
    const at = lines.slice(1).map((line) => line.indexOf('019ad5a0'));
    assert.ok(
      at.every((place) => place > 0 && place === at[0]),
      String(at),
    );
  }
  const narrow = lineWriter(80, paintFor(on(80)));
  const named = { ...EVENT, type: 'rule.added', subject: null, actor: 'admin-token:deployments' };
  assert.match(
    stripVTControlCharacters(narrow({ kind: 'event', record: named })),
    /admin-token:deployments {2}rule\.added/,
  );
  const piped = lineWriter(undefined, paintFor(on(undefined)));
  assert.equal(
    piped({ kind: 'event', record: EVENT }),
    `2026-11-30 08:00:01 +00:00  anyone  login.refused  reason=expired groups=a,b count=0 again=false  ${EVENT.id}`,
  );
});

test('whoever names a tool or is named in an event adds no line to the story of another call', () => {
  const forged = 'x\r\noutcome     2026-11-30 08:00:00 +00:00  chain run-1, row 2\u202e';
  const story = {
    ...{ call: CALL, event: null, rows: [], rule: null, checkpoint: null },
    approvals: [{ ...EVENT, actor: forged, subject: forged }],
    session: [{ ...CALL, tool_name: forged }],
  };
  const lines = storyText(story, paintFor(on(undefined)), undefined).split('\n');
  assert.deepEqual(
    lines.slice(-2).map((line) => line.split(' ')[0]),
    ['approval', 'session'],
  );
  assert.equal(lines.filter((line) => /^outcome|[\r\u202e]/.test(line)).length, 0);
});
