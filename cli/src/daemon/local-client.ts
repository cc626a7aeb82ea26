// The daemon's end of one connection on the local socket: does the handshake, then serves either a client with channels (`serve`) or the requests
// of a command.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  FrameKind,
  HEADER_BYTES,
  LINK_CHANNEL,
  readFrame,
  setChannel,
  type FrameHeader,
} from 'mcpgate-shared/link/frame';
import { VERSION } from 'mcpgate-shared/version';
import { controlFrame, readLocalRequest, type LocalEvent, type LocalRequest } from '../local/control.ts';
import { createFrameReader, prefixOf, withPrefix } from '../channel/frame-stream.ts';
import { daemonHello, HANDSHAKE_NONCE_BYTES, readClientHello, readClientProof } from '../local/handshake.ts';

/** A connection that has not finished the handshake by then is closed. */
const HANDSHAKE_MS = 3_000;
/** Up to this size, one write of a copy with its prefix is cheaper than two writes. */
const ONE_WRITE_BYTES = 8 * 1024;
/** A client with more unread bytes than this is closed. It does not read, because the window of a channel is far smaller. */
const UNREAD_MAX_BYTES = 32 * 1024 * 1024;

export interface LocalClient {
  readonly version: string;
  /** Bytes that the client has not read yet. */
  readonly unreadBytes: number;
  send(event: LocalEvent): void;
  /** Sends a frame of the broker to the client. `local`: the channel's number on the local socket. */
  deliver(frame: Buffer, local: number): void;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface LocalClientEvents {
  onProven(client: LocalClient): void;
  onRequest(client: LocalClient, request: LocalRequest): void;
  onFrame(client: LocalClient, header: FrameHeader, frame: Buffer): void;
  onGone(client: LocalClient): void;
  onRefused(reason: string): void;
}

export function acceptLocalClient(socket: Socket, key: Buffer, events: LocalClientEvents): void {
  const daemonNonce = randomBytes(HANDSHAKE_NONCE_BYTES);
  let pending: Buffer = Buffer.alloc(0);
  let clientNonce: Buffer | undefined;
  let version = '';
  let feed: ((chunk: Buffer) => boolean) | undefined;

  const client: LocalClient = {
    get version() {
      return version;
    },
    get unreadBytes() {
      return socket.writableLength;
    },
    send: (event) => write(controlFrame(event)),
    deliver(frame, local) {
      setChannel(frame, local);
      if (frame.length < ONE_WRITE_BYTES) {
        write(withPrefix(frame));
        return;
      }
      socket.cork();
      write(prefixOf(frame));
      write(frame);
      socket.uncork();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.end(),
  };

  const refuse = (reason: string) => {
    if (socket.destroyed) return;
    events.onRefused(reason);
    socket.destroy();
  };
  const write = (bytes: Buffer) => {
    socket.write(bytes);
    if (socket.writableLength > UNREAD_MAX_BYTES) refuse('it does not read what it is sent');
  };

  const onFrame = (frame: Buffer) => {
    const header = readFrame(frame);
    if (typeof header === 'string') return refuse(header);
    if (header.channel === LINK_CHANNEL) {
      const request = header.kind === FrameKind.control ? readLocalRequest(frame.subarray(HEADER_BYTES)) : undefined;
      return request === undefined ? refuse('an unknown local request') : events.onRequest(client, request);
    }
    if (header.kind === FrameKind.control || header.kind === FrameKind.opened) {
      return refuse('a frame that no client sends');
    }
    events.onFrame(client, header, frame);
  };

  const prove = (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (clientNonce === undefined) {
      const hello = readClientHello(pending);
      if (hello.kind === 'refused') return refuse(hello.reason);
      if (hello.kind === 'more') return;
      clientNonce = Buffer.from(hello.nonce);
      version = hello.version;
      pending = pending.subarray(hello.used);
      socket.write(daemonHello(key, clientNonce, daemonNonce, VERSION));
    }
    const proof = readClientProof(pending, key, clientNonce, daemonNonce);
    if (proof.kind === 'refused') return refuse(proof.reason);
    if (proof.kind === 'more') return;
    clearTimeout(deadline);
    const rest = pending.subarray(proof.used);
    feed = createFrameReader(onFrame);
    events.onProven(client);
    if (rest.length > 0 && !feed(rest)) refuse('not a stream of frames');
  };

  const deadline = setTimeout(() => refuse('no proof within 3 s'), HANDSHAKE_MS);
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    if (feed === undefined) prove(chunk);
    else if (!feed(chunk)) refuse('not a stream of frames');
  });
  socket.on('error', () => socket.destroy()); // the client has gone during a write; `close` follows
  socket.on('close', () => {
    clearTimeout(deadline);
    if (feed !== undefined) events.onGone(client);
  });
}
