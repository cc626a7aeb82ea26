// Every reader of bytes that a stranger can send, fed with what strangers send: never an exception, never a wrong yes.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { FRAME_MAX_BYTES, FrameKind, HEADER_BYTES, readFrame, writeFrame } from 'mcpgate-shared/link/frame';
import { readClose, readLinkMessage, readOpen, readOpened, toPayload } from 'mcpgate-shared/link/link-message';
import { readLocalEvent, readLocalRequest } from '../../cli/src/local/control.ts';
import { createFrameReader, withPrefix } from '../../cli/src/channel/frame-stream.ts';
import { clientHello, daemonHello, readClientHello } from '../../cli/src/local/handshake.ts';
import { readClientProof, readDaemonHello } from '../../cli/src/local/handshake.ts';
import { fuzz } from './fuzz.ts';

const frames = Object.values(FrameKind).flatMap((kind) =>
  [0, 1].map((flags) => writeFrame({ kind, flags, channel: 7, seq: 1, ack: 0xffff_ffff }, Buffer.from('payload'))),
);

test('100,000 inputs to the frame decoder: a sentence, or a header that is written back as the same bytes', () => {
  fuzz({
    corpus: 'frame',
    runs: 100_000,
    valid: frames,
    holds(input) {
      const header = readFrame(input);
      if (typeof header === 'string') assert.ok(header.length > 0);
      else assert.ok(writeFrame(header, input.subarray(HEADER_BYTES)).equals(input));
    },
  });
});

test('100,000 inputs to the local socket’s stream of frames: the same frames however it is cut, none of an unlawful length', () => {
  fuzz({
    corpus: 'frame-stream',
    runs: 100_000,
    valid: [...frames.map(withPrefix), Buffer.concat(frames.map(withPrefix))],
    holds(input) {
      const read = (pieces: readonly Buffer[]) => {
        const seen: string[] = [];
        const feed = createFrameReader((frame) => {
          assert.ok(frame.length >= HEADER_BYTES && frame.length <= FRAME_MAX_BYTES);
          seen.push(frame.toString('hex'));
        });
        return { goesOn: pieces.every((piece) => feed(piece)), seen };
      };
      const middle = input.length >> 1;
      assert.deepEqual(read([input]), read([input.subarray(0, middle), input.subarray(middle)]));
    },
  });
});

const KEY = Buffer.alloc(32, 1);
const CLIENT_NONCE = Buffer.alloc(16, 2);
const DAEMON_NONCE = Buffer.alloc(16, 3);
const proofOf = (side: 'client' | 'daemon', daemonNonce: Buffer) =>
  createHmac('sha256', KEY).update(side).update(CLIENT_NONCE).update(daemonNonce).digest();

test('100,000 inputs to the handshake of the local socket: only who knows the key is believed', () => {
  fuzz({
    corpus: 'handshake',
    runs: 100_000,
    valid: [
      clientHello(CLIENT_NONCE, '1.2.3'),
      daemonHello(KEY, CLIENT_NONCE, DAEMON_NONCE, '1.2.3'),
      proofOf('client', DAEMON_NONCE),
      proofOf('daemon', DAEMON_NONCE),
    ],
    holds(input) {
      const daemon = readDaemonHello(input, KEY, CLIENT_NONCE);
      if (daemon.kind === 'done') {
        const nonce = input.subarray(4, 20);
        assert.ok(input.subarray(20, 52).equals(proofOf('daemon', nonce)));
        assert.ok(daemon.proof.equals(proofOf('client', nonce)));
      }
      const client = readClientProof(input, KEY, CLIENT_NONCE, DAEMON_NONCE);
      assert.equal(client.kind === 'done', input.subarray(0, 32).equals(proofOf('client', DAEMON_NONCE)));
      const hello = readClientHello(input);
      if (hello.kind === 'done')
        assert.ok(clientHello(hello.nonce, hello.version).equals(input.subarray(0, hello.used)));
    },
  });
});

test('30,000 inputs to the readers of small messages: nothing, or a message that reads the same again', () => {
  const id = 'a'.repeat(32);
  const secret = 's'.repeat(43);
  const valid = [
    toPayload({ id, secret, next: 0, windowBytes: 65_536, version: '1.0.0', server: 'github' }),
    toPayload({ next: 4, windowBytes: 1, resumed: true, maxMessageBytes: 9, backlogBytes: 8, resumeMs: 7 }),
    toPayload({ code: 'overflow', message: 'too much' }),
    toPayload({ type: 'token', token: 'x' }),
    toPayload({ type: 'welcome', user: null, workspace: 'default', version: '1', expiresAt: 5 }),
    Buffer.from('{"type":"attach","broker":"https://a.example","token":"mcg_x"}'),
    Buffer.from('{"type":"link","state":"open","message":null}'),
  ];
  const linkReaders = [readOpen, readOpened, readClose, readLinkMessage];
  fuzz({
    corpus: 'message',
    runs: 30_000,
    valid,
    holds(input) {
      for (const read of linkReaders) {
        const message = read(input);
        if (message === undefined) continue;
        const again = read(toPayload(message));
        assert.ok(again !== undefined && toPayload(again).equals(toPayload(message)));
      }
      for (const read of [readLocalRequest, readLocalEvent]) {
        const message = read(input);
        if (message !== undefined) assert.deepEqual(read(Buffer.from(JSON.stringify(message))), message);
      }
    },
  });
});
