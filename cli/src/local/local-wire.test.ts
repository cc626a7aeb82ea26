import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameKind, writeFrame } from 'mcpgate-shared/link/frame';
import { createFrameReader, fillPrefix, PREFIX_BYTES, withPrefix } from '../channel/frame-stream.ts';
import { clientHello, daemonHello, readClientHello, readClientProof, readDaemonHello } from './handshake.ts';

const KEY = Buffer.alloc(32, 1);
const clientNonce = Buffer.alloc(16, 2);
const daemonNonce = Buffer.alloc(16, 3);
const frameOf = (payload: Uint8Array, headroom = 0) =>
  writeFrame({ kind: FrameKind.data, flags: 1, channel: 1, seq: 0, ack: 0 }, payload, headroom);

test('frames come out as they went in, however the stream is cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (messages, cuts) => {
      const stream = Buffer.concat(messages.map((payload) => fillPrefix(frameOf(payload, PREFIX_BYTES))));
      const seen: Buffer[] = [];
      const feed = createFrameReader((frame) => seen.push(Buffer.from(frame)));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const length = cuts[i % cuts.length] ?? 1;
        assert.ok(feed(stream.subarray(at, at + length)));
        at += length;
      }
      assert.deepEqual(
        seen,
        messages.map((payload) => frameOf(payload)),
      );
    }),
  );
});

test('both ways to put a prefix before a frame are one', () => {
  assert.deepEqual(withPrefix(frameOf(Buffer.from('x'))), fillPrefix(frameOf(Buffer.from('x'), PREFIX_BYTES)));
});

test('a version is short and printable, since it is logged and shown', () => {
  const hello = (version: string) => Buffer.concat([clientHello(clientNonce, ''), Buffer.from(version, 'latin1')]);
  for (const version of ['1.0\n2026 info all is well', '\u001b[2J', 'x'.repeat(65)]) {
    const bytes = hello(version);
    bytes[20] = version.length;
    assert.equal(readClientHello(bytes).kind, 'refused', version);
  }
});

test('the handshake is proven by the key alone: another key, another nonce or one other bit is refused', () => {
  const hello = readClientHello(clientHello(clientNonce, '1.2.3'));
  assert.ok(hello.kind === 'done' && hello.version === '1.2.3');
  const answer = daemonHello(KEY, clientNonce, daemonNonce, '1.2.4');
  const step = readDaemonHello(answer, KEY, clientNonce);
  assert.ok(step.kind === 'done' && step.version === '1.2.4');
  assert.equal(readClientProof(step.proof, KEY, clientNonce, daemonNonce).kind, 'done');
  assert.equal(readDaemonHello(answer, Buffer.alloc(32, 9), clientNonce).kind, 'refused');
  assert.equal(readDaemonHello(answer, KEY, Buffer.alloc(16, 9)).kind, 'refused');
  for (let at = 0; at < step.proof.length; at++) {
    const bent: Buffer = Buffer.from(step.proof);
    bent[at] = (bent[at] ?? 0) ^ 1;
    assert.equal(readClientProof(bent, KEY, clientNonce, daemonNonce).kind, 'refused');
  }
  assert.equal(readClientProof(step.proof, KEY, daemonNonce, clientNonce).kind, 'refused');
});

test('the proof is HMAC-SHA-256 as Node computes it', async () => {
  const { createHmac } = await import('node:crypto');
  const step = readDaemonHello(daemonHello(KEY, clientNonce, daemonNonce, 'v'), KEY, clientNonce);
  const expected = createHmac('sha256', KEY).update('client').update(clientNonce).update(daemonNonce).digest();
  assert.ok(step.kind === 'done');
  assert.deepEqual(step.proof, expected);
});
