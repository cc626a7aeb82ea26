// The entry of `mcpgate serve`, which every AI client starts: an MCP server on stdio that passes messages on to the local daemon. Each AI client has
// its own process, so start-up time and memory matter: the entry loads only Node builtins and the channel, and everything else when it is needed.
import type { Socket } from 'node:net';
import { systemClock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import { member } from 'mcpgate-shared/member';
import { HEADER_BYTES, LINK_CHANNEL, readFrame } from 'mcpgate-shared/link/frame';
import { connectOrStart, connectSocket } from '../local/connect-socket.ts';
import { controlFrame, readLocalEvent } from '../local/control.ts';
import { createFrameReader } from '../channel/frame-stream.ts';
import { randomBytes } from '../local/random-bytes.ts';
import { readSettingsValue } from '../laptop/settings-file.ts';
import { systemPaths, type Paths } from '../laptop/paths.ts';
import { requireProfile } from '../laptop/profile.ts';
import { collectGarbage } from './collect-garbage.ts';
import { createCopyFiles } from './copy-files.ts';
import { createLastKnown } from './last-known.ts';
import { createLineReader } from './line-reader.ts';
import { ownLimits } from './own-limits.ts';
import { createServeSession } from './serve-session.ts';
import { readServeRequest } from './serve-view.ts';
import { sha256Hex } from '../laptop/sha256-hex.ts';

const RETRY_MS = 1_000;
/** How long to wait before starting a daemon after one was lost, because another client may start it. */
const RESPAWN_AFTER_MS = 300;
const EXIT_MS = 60;
/** How long answers are waited for after the input has ended. */
const DRAIN_MS = 10_000;
const NEWLINE = Buffer.from('\n');
/** Up to this size, one write of a copy is cheaper than two writes. */
const ONE_WRITE_BYTES = 8 * 1024;

const { env } = process;
/** What was said last, which is not repeated at each new try. */
let said: string | undefined;
const { view, profile } = readServeRequest(process.argv.slice(3));
const paths = ownPaths();
const grant = env['MCPGATE_TOKEN'];
let socket: Socket | undefined;
/** The daemon was stopped by a person; it is started again with the next line of the client. */
let stopped = false;
let connecting = false;
/** The input has ended. */
let ended = false;

function say(line: string): void {
  if (line !== said) process.stderr.write(`mcpgate: ${line}\n`);
  said = line;
}

function ownPaths(): Paths {
  try {
    return systemPaths(env, profile);
  } catch (error) {
    say(toGateError(error).message);
    process.exit(2);
  }
}

/** The texts of the settings under these keys; null where there is none. */
function stored(...keys: string[]): (string | null)[] {
  const settings = readSettingsValue(paths.profileDir);
  return keys.map((key) => {
    const text = member(settings, key);
    return typeof text === 'string' && text !== '' ? text : null;
  });
}

/** Identifies the login for its copies: the stored login by broker, workspace and person, a grant by its hash. */
function loginName(): string | undefined {
  const [credential, ...login] = stored('credential', 'broker', 'workspace', 'user');
  if (grant) return sha256Hex(`${env['MCPGATE_BROKER'] || login[0]} ${grant}`);
  return credential ? JSON.stringify(login) : undefined;
}

const session = createServeSession({
  clock: systemClock,
  randomHex: (bytes) => randomBytes(bytes).toString('hex'),
  randomSecret: () => randomBytes(32).toString('base64url'),
  view,
  ownLimits: ownLimits(env, say),
  toLink: (frame) => socket?.write(frame) ?? true,
  toClient(message) {
    if (ended) setImmediate(leaveIfDone);
    if (message.length < ONE_WRITE_BYTES)
      return process.stdout.write(typeof message === 'string' ? `${message}\n` : Buffer.concat([message, NEWLINE]));
    process.stdout.cork();
    process.stdout.write(message);
    const more = process.stdout.write('\n');
    process.stdout.uncork();
    return more;
  },
  ...(grant ? {} : { beginLogin: (wanted) => void socket?.write(controlFrame({ type: 'login', ...wanted })) }),
  ofProfile: profile && ` --profile ${profile}`,
  holdSeconds: env['MCPGATE_HOLD_SECONDS'],
  lastKnown: createLastKnown({ login: loginName, files: createCopyFiles(paths.cacheDir, say), view }),
});

function attach(): Buffer {
  if (!grant) return controlFrame({ type: 'attach' });
  const broker = env['MCPGATE_BROKER'] || stored('broker')[0] || '';
  return controlFrame({ type: 'attach', broker, token: grant });
}

function onFrame(frame: Buffer): void {
  const header = readFrame(frame);
  if (typeof header === 'string') return say(`the daemon sent ${header}`);
  const payload = frame.subarray(HEADER_BYTES);
  if (header.channel !== LINK_CHANNEL) return session.fromLink(header, payload);
  const event = readLocalEvent(payload);
  if (event?.type === 'login') return session.loginState(event.pending ?? undefined, event.message);
  if (event?.type === 'draining') return session.linkDraining();
  if (event?.type === 'detached') return session.channelDetached(event.channel);
  if (event?.type !== 'link') return;
  stopped = event.state === 'idle';
  session.linkState(event.state, event.message, event.broker);
}

/** Connects to the daemon. `spawn` false: does not start one, because another client may be doing so. */
async function link(spawn: boolean): Promise<void> {
  if (connecting || socket) return;
  connecting = true;
  try {
    requireProfile(paths);
    const found = spawn ? await connectOrStart({ paths, startDaemon: launchDaemon }) : await connectSocket(paths);
    connecting = false;
    if (!found) return retry(RESPAWN_AFTER_MS);
    stopped = false;
    socket = found.socket;
    const feed = createFrameReader(onFrame);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!feed(chunk)) socket?.destroy();
      readOn();
    });
    socket.on('drain', () => session.linkWritable());
    socket.on('error', () => socket?.destroy());
    socket.on('close', () => {
      socket = undefined;
      session.linkLost();
      readOn();
      if (!stopped || session.pending > 0) void link(false);
    });
    socket.write(attach());
    if (found.rest.length > 0) feed(found.rest);
  } catch (error) {
    connecting = false;
    const { message } = toGateError(error);
    say(message);
    session.linkState('waiting', message);
    retry(RETRY_MS);
  }
}

function retry(delayMs: number): void {
  setTimeout(() => void link(true), delayMs);
}

function launchDaemon(): void {
  // Loaded here, so that `child_process` is not loaded where a daemon runs.
  void import('../local/start-daemon.ts').then(({ startDaemon }) =>
    startDaemon({ paths, scriptPath: process.argv[1] ?? '', env }),
  );
}

function leave(): void {
  const last = session.closing();
  const isTold = socket !== undefined && last !== undefined;
  if (isTold) {
    socket?.end(last, () => process.exit(0));
    setTimeout(() => process.exit(0), EXIT_MS);
  }
  collectGarbage();
  if (!isTold) process.exit(0);
}

/** Ends the process if all requests are answered and the answers have been read. */
function leaveIfDone(): void {
  if (session.pending === 0 && process.stdout.writableLength === 0) leave();
}

/** The input has ended, as in `printf … | mcpgate serve`: answers all requests, then ends. */
function onEnd(): void {
  lines.end();
  ended = true;
  leaveIfDone();
  setTimeout(() => {
    session.abandonAll();
    leave();
  }, DRAIN_MS);
}

const lines = createLineReader({
  maxBytes: () => session.maxMessageBytes,
  onLine(line) {
    session.fromClient(line);
    if (stopped) void link(true);
  },
  onOversize: (head, tail) => session.fromClientCut(head, tail),
});
/**
 * Reads on after a pause. A client is paused while it sends more than the link carries, but not while the link is away, so that its end is
 * noticed.
 */
function readOn(): void {
  if (process.stdin.isPaused() && !session.isFull) process.stdin.resume();
}

process.stdin.on('data', (chunk: Buffer) => {
  lines.feed(chunk);
  if (session.isFull) process.stdin.pause();
});
process.stdin.on('end', onEnd);
process.stdin.on('error', leave);
process.stdout.on('drain', () => {
  session.clientWritable();
  if (ended) leaveIfDone();
});
process.stdout.on('error', leave); // the client has closed its end
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
void link(true);
