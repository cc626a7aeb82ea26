// A client's way to the daemon: connect, prove, start it where none runs. Used by `serve` and by the commands; node builtins only.
import { connect, type Socket } from 'node:net';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import type { Paths } from '../laptop/paths.ts';
import { clientHello, HANDSHAKE_NONCE_BYTES, readDaemonHello } from './handshake.ts';
import { randomBytes } from './random-bytes.ts';
import { readLocalKey } from './runtime-dir.ts';

export interface LocalSocket {
  socket: Socket;
  /** Version of the daemon. */
  version: string;
  /** Bytes that came behind the handshake. */
  rest: Buffer;
}

const HANDSHAKE_MS = 3_000;
/** A cold daemon listens within this; machines under load need most of it. */
const START_MS = 15_000;
const POLL_MS = 15;

/** Connects and proves. Resolves undefined where no daemon listens; throws `untrusted` where something else does. */
export function connectSocket(paths: Paths): Promise<LocalSocket | undefined> {
  const key = readLocalKey(paths, randomBytes);
  const nonce = randomBytes(HANDSHAKE_NONCE_BYTES);
  return new Promise((resolve, reject) => {
    const socket = connect(paths.socketPath);
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (outcome: LocalSocket | undefined, error?: Error) => {
      clearTimeout(deadline);
      socket.removeAllListeners();
      if (outcome) return resolve(outcome);
      socket.on('error', () => undefined); // it is over; nothing of it matters any more
      socket.destroy();
      if (error) reject(error);
      else resolve(undefined);
    };
    const untrusted = (reason: string) => {
      const advice = 'run `mcpgate daemon restart`, or look who made that socket';
      finish(undefined, new GateError('untrusted', `${paths.socketPath}: ${reason}; ${advice}`));
    };
    const deadline = setTimeout(() => untrusted('no answer within 3 s'), HANDSHAKE_MS);
    socket.on('error', () => finish(undefined)); // ENOENT, ECONNREFUSED, reset: no daemon, or one that is just ending
    socket.on('close', () => finish(undefined));
    socket.on('connect', () => socket.write(clientHello(nonce, VERSION)));
    socket.on('data', (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const step = readDaemonHello(bytes, key, nonce);
      if (step.kind === 'refused') return untrusted(step.reason);
      if (step.kind === 'more') return;
      socket.write(step.proof);
      finish({ socket, version: step.version, rest: bytes.subarray(step.used) });
    });
  });
}

export interface StartOptions {
  paths: Paths;
  /** Starts a daemon process; returns at once. */
  startDaemon: () => void;
}

/** Connects, starting the daemon where none runs. Throws `unavailable` where it does not come up. */
export async function connectOrStart({ paths, startDaemon }: StartOptions): Promise<LocalSocket> {
  const running = await connectSocket(paths);
  if (running) return running;
  startDaemon();
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const socket = await connectSocket(paths);
    if (socket) return socket;
  }
  throw new GateError('unavailable', `the local daemon did not start; look into ${paths.daemonLogPath}`);
}
