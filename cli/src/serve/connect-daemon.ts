// Connects a command to the daemon: asks for its status, has it reload or stop, or opens an MCP session like that of an AI client.
import { randomBytes } from 'node:crypto';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { HEADER_BYTES, LINK_CHANNEL, readFrame } from 'mcpgate-shared/link/frame';
import type { Paths } from '../laptop/paths.ts';
import { NOTHING_KNOWN } from './last-known.ts';
import { createServeSession } from './serve-session.ts';
import { connectOrStart, connectSocket } from '../local/connect-socket.ts';
import { controlFrame, readLocalEvent, type LocalEvent, type LocalRequest } from '../local/control.ts';
import type { DaemonChannel, DaemonConnection, DaemonStatus } from '../local/daemon-connection.ts';
import { createFrameReader } from '../channel/frame-stream.ts';
import { startDaemon } from '../local/start-daemon.ts';

const ANSWER_MS = 5_000;

export interface ConnectDaemonOptions {
  paths: Paths;
  env: Readonly<Record<string, string | undefined>>;
  /** bin/mcpgate.cjs of this installation, with which a daemon is started. */
  scriptPath: string;
  /** Whether to start a daemon where none runs. */
  spawn: boolean;
  /** The caller's own grant, for `channel`; without it, the stored login is used. */
  grant?: { broker: string; token: string };
}

/** Throws `unreachable` where no daemon runs and none may be started. */
export async function connectDaemon(options: ConnectDaemonOptions): Promise<DaemonConnection> {
  const { paths, env, scriptPath } = options;
  const found = options.spawn
    ? await connectOrStart({ paths, startDaemon: () => startDaemon({ paths, scriptPath, env }) })
    : await connectSocket(paths);
  if (!found)
    throw new GateError('unreachable', 'the local daemon is not running; any AI client or `mcpgate tools` starts it');
  const { socket } = found;
  const waiting: { accepts: (event: LocalEvent) => boolean; fail: (error: Error) => void }[] = [];
  let onFrame: ((frame: Buffer) => void) | undefined;
  let onLink: ((event: LocalEvent & { type: 'link' | 'draining' | 'detached' }) => void) | undefined;

  const lost = () => new GateError('unreachable', 'the local daemon has ended; try again');
  const feed = createFrameReader((frame) => {
    const header = readFrame(frame);
    if (typeof header === 'string') return;
    if (header.channel !== LINK_CHANNEL) return onFrame?.(frame);
    const event = readLocalEvent(frame.subarray(HEADER_BYTES));
    if (event?.type === 'link' || event?.type === 'draining' || event?.type === 'detached') return onLink?.(event);
    const index = event ? waiting.findIndex(({ accepts }) => accepts(event)) : -1;
    if (index >= 0) waiting.splice(index, 1);
  });
  socket.on('data', (chunk: Buffer) => {
    if (!feed(chunk)) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const { fail } of waiting.splice(0)) fail(lost());
    onLink?.({ type: 'link', state: 'idle', message: lost().message });
  });
  if (found.rest.length > 0) feed(found.rest);

  const ask = <T>(request: LocalRequest, read: (event: LocalEvent) => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new GateError('timeout', 'the local daemon does not answer; run `mcpgate daemon restart`')),
        ANSWER_MS,
      );
      waiting.push({
        accepts(event) {
          const answer = read(event);
          if (answer === undefined) return false;
          clearTimeout(timer);
          resolve(answer);
          return true;
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
      socket.write(controlFrame(request));
    });
  const isOk = (event: LocalEvent) => (event.type === 'ok' ? true : undefined);

  return {
    status: () =>
      ask<DaemonStatus>({ type: 'status' }, (event) => (event.type === 'status' ? event.status : undefined)),
    reload: async () => void (await ask({ type: 'reload' }, isOk)),
    stop: async () => void (await ask({ type: 'stop' }, isOk)),
    channel: ({ server } = {}) => openChannel(server),
    close: () => socket.destroy(),
  };

  function openChannel(server: string | undefined): DaemonChannel {
    let onMessage: (text: string) => void = () => undefined;
    let onOpen: () => void = () => undefined;
    let onFailure: (error: Error) => void = () => undefined;
    const session = createServeSession({
      clock: systemClock,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      randomSecret: () => randomBytes(32).toString('base64url'),
      view: server === undefined ? {} : { server },
      toLink: (frame) => socket.write(frame),
      toClient(message) {
        onMessage(message.toString());
        return true;
      },
      lastKnown: NOTHING_KNOWN,
    });
    onFrame = (frame) => {
      const header = readFrame(frame);
      if (typeof header !== 'string') session.fromLink(header, frame.subarray(HEADER_BYTES));
    };
    let tried = false;
    let opened = false;
    onLink = (event) => {
      if (event.type === 'draining') return session.linkDraining();
      if (event.type === 'detached') return session.channelDetached(event.channel);
      const { state, message } = event;
      const text = message ?? 'the broker is not connected';
      tried ||= state === 'connecting';
      if (state === 'login_needed' || state === 'revoked') return onFailure(new GateError('not_logged_in', text));
      // Not a failure: a link that is idle without a reason, or that waits without having been tried, is about to be opened for this channel.
      const gaveUp = state === 'idle' ? message !== null : state === 'waiting' && tried && !opened;
      if (gaveUp) return onFailure(new GateError('unreachable', text));
      session.linkState(state, message);
      if (state !== 'open' || opened) return;
      opened = true;
      onOpen();
    };
    socket.on('drain', () => session.linkWritable());
    const { grant } = options;
    socket.write(controlFrame(grant ? { type: 'attach', ...grant } : { type: 'attach' }));
    return {
      send: (text) => session.fromClient(Buffer.from(text)),
      onMessage: (listener) => void (onMessage = listener),
      onOpen: (listener) => void (onOpen = listener),
      onFailure: (listener) => void (onFailure = listener),
      close() {
        const last = session.closing();
        if (last) socket.end(last);
        else socket.end();
      },
    };
  }
}
