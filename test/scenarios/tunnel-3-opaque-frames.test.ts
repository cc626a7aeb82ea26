// Point 3 of the tunnel: the daemon never parses a payload. Whatever bytes stand in one arrive as they were sent; only the two ends
// of a channel look into them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { WebSocketServer, type WebSocket } from 'ws';
import { FLAG_FINAL, FRAGMENT_BYTES, FrameKind, HEADER_BYTES, readFrame, writeFrame } from 'mcpgate-shared/link/frame';
import { readOpen, toPayload } from 'mcpgate-shared/link/link-message';
import { createWorld } from '../world.ts';
import { connectRawClient } from '../world/clients/raw-client.ts';

const MARKER = 'opaque-payload-marker';

/** Bytes that no JSON parser and no text decoder takes, and some that a curious one would. */
const payloads: readonly Buffer[] = [
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00]),
  Buffer.from('{"jsonrpc":"2.0","id":1,"method":', 'utf8'),
  Buffer.from([]),
  Buffer.from(`{"${MARKER}":"valid JSON", "twice":1, "twice":2}`),
  Buffer.concat([Buffer.from(MARKER), Buffer.from([0, 0xff, 0xed, 0xa0, 0x80])]),
  Buffer.from('{"type":"stop"}'), // a request of the local socket, in a place where it is none
  Buffer.from('{"type":"token","token":"x"}'), // a message of the link, likewise
  Buffer.alloc(FRAGMENT_BYTES, 0xff),
  randomBytes(FRAGMENT_BYTES),
];

/** The other end of a tunnel, which only moves frames. */
async function startFarEnd(t: TestContext) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const connected = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connected };
}

/** Writes down what the process parses or decodes. */
const SPY = `const { appendFileSync } = require('node:fs');
const file = process.env.SPY_FILE;
const { parse } = JSON, { toString } = Buffer.prototype, { decode } = TextDecoder.prototype;
const seen = (how, text) => { if (text.includes('${MARKER}') || text.includes('"attach"')) appendFileSync(file, how + ' ' + text.slice(0, 100) + '\\n'); };
JSON.parse = function (text, ...more) { seen('parsed', String(text)); return parse.call(this, text, ...more); };
Buffer.prototype.toString = function (...args) { const text = toString.apply(this, args); seen('decoded', text); return text; };
TextDecoder.prototype.decode = function (...args) { const text = decode.apply(this, args); seen('decoded', text); return text; };
`;

test('every payload passes the daemon byte for byte, both ways, and the daemon neither parses nor decodes one', async (t) => {
  const world = await createWorld(t);
  const laptop = world.laptop('ada');
  const far = await startFarEnd(t);
  const spyFile = join(world.root, 'seen.txt');
  writeFileSync(join(world.root, 'spy.cjs'), SPY);
  const spied = { NODE_OPTIONS: `--require ${join(world.root, 'spy.cjs')}`, SPY_FILE: spyFile };
  const daemon = laptop.start(['daemon', 'run'], { env: spied });
  await daemon.line(/listens at/);

  const client = await connectRawClient(laptop);
  t.after(() => client.close());
  client.request({ type: 'attach', broker: far.url, token: 'mcg_not-looked-at' });
  const ws = await far.connected;
  const arrived: Buffer[] = [];
  let wake = () => {};
  ws.on('message', (frame: Buffer) => {
    arrived.push(frame);
    wake();
  });
  const nextFrame = async () => {
    while (arrived[0] === undefined) await new Promise<void>((resolve) => (wake = resolve));
    const [frame] = arrived.splice(0, 1);
    assert.ok(frame);
    return frame;
  };
  const welcome = toPayload({ type: 'welcome', user: 'ada', workspace: 'default', version: '1.0.0', expiresAt: null });
  ws.send(writeFrame({ kind: FrameKind.control, flags: 0, channel: 0, seq: 0, ack: 0 }, welcome));
  await client.event((event) => event.type === 'link' && event.state === 'open');

  client.open();
  const open = await nextFrame();
  assert.ok(readOpen(open.subarray(HEADER_BYTES)));
  const header = readFrame(open);
  assert.ok(typeof header === 'object');
  for (const [seq, payload] of payloads.entries()) {
    client.send(FrameKind.data, payload, seq, 7);
    const frame = await nextFrame();
    const sent = { kind: FrameKind.data, flags: FLAG_FINAL, channel: header.channel, seq, ack: 7 };
    assert.ok(frame.equals(writeFrame(sent, payload)), `payload ${seq} on its way out`);
    ws.send(writeFrame(sent, payload));
    assert.ok((await client.next(FrameKind.data)).equals(payload), `payload ${seq} on its way back`);
  }
  const seen = existsSync(spyFile) ? readFileSync(spyFile, 'utf8') : '';
  assert.match(seen, /^parsed .*"attach"/m, 'the spy works: it saw the message that is for the daemon');
  assert.doesNotMatch(seen, new RegExp(MARKER), 'no payload was looked into');
});

test('what no parser takes reaches the broker, which answers it; the channel and everybody else go on', async (t) => {
  const world = await createWorld(t);
  const ada = await world.member('ada');
  const honest = await ada.aiClient();
  const client = await connectRawClient(ada);
  t.after(() => client.close());
  client.request({ type: 'attach' });
  await client.event((event) => event.type === 'link' && event.state === 'open');
  client.open();
  await client.next(FrameKind.opened);
  const hopeless = payloads.filter((payload) => payload.length < 30);
  for (const [seq, payload] of hopeless.entries()) {
    client.send(FrameKind.data, payload, seq, seq);
    const answer: unknown = JSON.parse((await client.next(FrameKind.data)).toString());
    const { error } = answer as { error: { code: number } };
    assert.ok([-32700, -32600].includes(error.code), `payload ${seq}: ${error.code}`);
  }
  const ping = Buffer.from('{"jsonrpc":"2.0","id":"still here","method":"ping"}');
  client.send(FrameKind.data, ping, hopeless.length, hopeless.length);
  assert.match(
    (await client.next(FrameKind.data)).toString(),
    /"id":"still here","result":\{\}|"result":\{\}.*"id":"still here"/,
  );
  assert.deepEqual(await honest.toolNames(), []);
  const status = (await ada.gateJson(['status'])) as { daemon: { channels: number; bytes_to_clients: number } };
  assert.equal(status.daemon.channels, 2);
  assert.equal(status.daemon.bytes_to_clients, 0);
});
