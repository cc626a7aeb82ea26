// `printf … | mcpgate serve`: a script asks, ends its output, and reads what comes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import type { Person } from '../world/people/person.ts';

let upstream: CountingUpstream;
let world: World;
let ada: Person;
before(async () => {
  upstream = await startCountingUpstream();
  world = await openWorld({ servers: { counting: { url: upstream.url } } });
  ada = await world.member('ada');
});
after(async () => {
  await world.close();
  await upstream.close();
});

type Message = { id?: number; result?: Record<string, unknown>; error?: unknown };

const ASKED = [
  { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: null } },
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/list', params: { cursor: null } },
  { id: 3, method: 'tools/call', params: { name: 'counting__echo', arguments: { text: 'piped' }, _meta: null } },
].map((message) => JSON.stringify({ jsonrpc: '2.0', ...message }));

const read = (stdout: string) =>
  new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Message)
      .flatMap((message) => (message.id === undefined ? [] : [[message.id, message] as const])),
  );

test('what was piped into serve is answered before it ends, with a warm and with a cold daemon', async () => {
  for (const [isCold, input] of [
    [false, `${ASKED.join('\n')}\n`],
    // A byte order mark, blank lines, Windows line ends, and no line break behind the last one.
    [true, `\uFEFF${ASKED.join('\r\n\r\n \n')}`],
  ] as const) {
    if (isCold) await ada.gate(['daemon', 'stop']);
    const before = upstream.calls.length;
    const { code, stdout } = await ada.gate(['serve'], { stdin: input });
    assert.equal(code, 0);
    const answers = read(stdout);
    assert.deepEqual(
      [...answers.keys()].toSorted((a, b) => a - b),
      [1, 2, 3],
      stdout,
    );
    assert.ok(JSON.stringify(answers.get(2)?.result).includes('counting__echo'), stdout);
    assert.deepEqual(answers.get(3)?.result?.['content'], [{ type: 'text', text: 'piped' }]);
    assert.equal(upstream.calls.length, before + 1, 'it was called once');
  }
});

test('lines that are no JSON are answered with a parse error each, wherever they stand, and all else is as ever', async () => {
  const noise = ['npm warn deprecated x', '{"jsonrpc":"2.0",', '<html>'];
  const input = [noise[0], ...ASKED.flatMap((line, index) => [line, '', noise[index % 3]])].join('\n');
  const { code, stdout } = await ada.gate(['serve'], { stdin: `${input}\n` });
  assert.equal(code, 0);
  const errors = stdout.match(/"id":null,"error":\{"code":-32700,/g) ?? [];
  assert.equal(errors.length, 1 + ASKED.length, stdout);
  assert.deepEqual(read(stdout).get(3)?.result?.['content'], [{ type: 'text', text: 'piped' }]);
});

test('with nothing under way serve ends with its input', async () => {
  for (const input of ['', `${ASKED[0] ?? ''}\n`]) {
    const startedAt = performance.now();
    assert.equal((await ada.gate(['serve'], { stdin: input })).code, 0);
    assert.ok(performance.now() - startedAt < 8_000, 'it did not wait for what nobody asked');
  }
});

test('a call that is not answered in time is told to be unknown, and is cancelled at its server', async () => {
  const hold = { id: 3, method: 'tools/call', params: { name: 'counting__hold', arguments: {} } };
  const input = [...ASKED.slice(0, 2), JSON.stringify({ jsonrpc: '2.0', ...hold })].join('\n');
  const { stdout } = await ada.gate(['serve'], { stdin: `${input}\n`, deadlineMs: 30_000 });
  assert.match(JSON.stringify(read(stdout).get(3)), /outcome is unknown/);
  await upstream.cancelled();
  const { status } = await callRecord(world.broker, ({ tool_name }) => tool_name === 'counting__hold');
  assert.equal(status, 'cancelled');
});
