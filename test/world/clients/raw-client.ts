// A client on the local socket that shakes hands as `serve` does and then sends whatever bytes it likes.
import { tmpdir } from 'node:os';
import { randomBytes } from 'node:crypto';
import { FLAG_FINAL, FrameKind, HEADER_BYTES, LINK_CHANNEL, readFrame, writeFrame } from 'mcpgate-shared/link/frame';
import { toPayload } from 'mcpgate-shared/link/link-message';
import { connectSocket } from '../../../cli/src/local/connect-socket.ts';
import { controlFrame, readLocalEvent, type LocalEvent, type LocalRequest } from '../../../cli/src/local/control.ts';
import { createFrameReader, withPrefix } from '../../../cli/src/channel/frame-stream.ts';
import { resolvePaths } from '../../../cli/src/laptop/paths.ts';
import type { Person } from '../people/person.ts';
import { until } from '../until.ts';

export interface RawClient {
  request(message: LocalRequest): void;
  send(kind: FrameKind, payload: Uint8Array, seq?: number, ack?: number): void;
  /** A new channel of its own; its number on this socket is 1. */
  open(): void;
  /** The payload of the next frame of a kind that has come, or comes. */
  next(kind: FrameKind): Promise<Buffer>;
  /** The next event of the daemon that matches. */
  event(matches: (event: LocalEvent) => boolean): Promise<LocalEvent>;
  close(): void;
}

/** Connects to the daemon of a laptop, which must have been started. */
export async function connectRawClient(laptop: Person): Promise<RawClient> {
  const { env, home } = laptop;
  const { platform } = process;
  const paths = resolvePaths({ env, platform, homedir: home, uid: process.getuid?.(), tmpdir: tmpdir() });
  // The daemon may have been started a moment ago, and not be listening yet.
  const found = await until(`a daemon at ${paths.socketPath}`, () => connectSocket(paths));
  const { socket } = found;
  const frames: { kind: FrameKind; payload: Buffer }[] = [];
  const events: LocalEvent[] = [];
  let wake = () => {};
  const feed = createFrameReader((frame) => {
    const header = readFrame(frame);
    if (typeof header === 'string') throw new Error(header);
    const payload = Buffer.from(frame.subarray(HEADER_BYTES));
    if (header.channel !== LINK_CHANNEL) frames.push({ kind: header.kind, payload });
    const event = header.channel === LINK_CHANNEL ? readLocalEvent(payload) : undefined;
    if (event !== undefined) events.push(event);
    wake();
  });
  if (found.rest.length > 0) feed(found.rest);
  socket.on('data', (chunk: Buffer) => void feed(chunk));
  socket.on('close', () => wake());
  const take = async <T>(queue: T[], matches: (one: T) => boolean): Promise<T> => {
    for (;;) {
      const index = queue.findIndex(matches);
      const [one] = index < 0 ? [] : queue.splice(index, 1);
      if (one !== undefined) return one;
      if (socket.destroyed) throw new Error('the daemon has closed the connection');
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const send: RawClient['send'] = (kind, payload, seq = 0, ack = 0) => {
    const flags = kind === FrameKind.data ? FLAG_FINAL : 0;
    socket.write(withPrefix(writeFrame({ kind, flags, channel: 1, seq, ack }, payload)));
  };
  return {
    request: (message) => void socket.write(controlFrame(message)),
    send,
    open() {
      const id = randomBytes(16).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      send(FrameKind.open, toPayload({ id, secret, next: 0, windowBytes: 1024 * 1024, version: '1.0.0' }));
    },
    next: async (kind) => (await take(frames, (frame) => frame.kind === kind)).payload,
    event: (matches) => take(events, matches),
    close: () => socket.destroy(),
  };
}
