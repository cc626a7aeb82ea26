// Connects `serve` and commands to the daemon: opens the local socket, does the handshake, and starts a daemon where none runs. Loads Node builtins
// only.
import { connect, type Socket } from 'node:net';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import type { Paths } from '../laptop/paths.ts';
import { clientHello, HANDSHAKE_NONCE_BYTES, readDaemonHello } from './handshake.ts';
import { randomBytes } from './random-bytes.ts';
import { readLocalKey } from './runtime-dir.ts';

export interface LocalSocket {
  socket: Socket;
  /** The version of the daemon. */
  version: string;
  /** Bytes that arrived together with the end of the handshake. */
  rest: Buffer;
}

const HANDSHAKE_MS = 3_000;
/** How long a new daemon may take until it listens; machines under load need most of it. */
const START_MS = 15_000;
const POLL_MS = 15;

/** Connects and does the handshake. Resolves undefined where no daemon listens; throws `untrusted` where another program does. */
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
      socket.on('error', () => undefined); // errors of a socket that was given up do not matter
      socket.destroy();
      if (error) reject(error);
      else resolve(undefined);
    };
    const untrusted = (reason: string) => {
      const advice = 'run `mcpgate daemon restart`, or look who made that socket';
      finish(undefined, new GateError('untrusted', `${paths.socketPath}: ${reason}; ${advice}`));
    };
    const deadline = setTimeout(() => untrusted('no answer within 3 s'), HANDSHAKE_MS);
    socket.on('error', () => finish(undefined)); // ENOENT, ECONNREFUSED, reset: there is no daemon, or it is just ending
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
  /** Starts a daemon process, without waiting for it. */
  startDaemon: () => void;
}

/** Connects, and starts the daemon where none runs. Throws `unavailable` where the daemon does not start. */
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
