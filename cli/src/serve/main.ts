// What every AI client launches: an MCP server on stdio over the local daemon. Start-up and memory are paid once per AI client, so this
// entry loads node builtins and the channel, and nothing else; what is rarely needed is loaded when it is.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import { HEADER_BYTES, LINK_CHANNEL, readFrame } from 'mcpgate-shared/frame';
import { connectOrStart, connectSocket } from '../local/connect-socket.ts';
import { controlFrame, readLocalEvent } from '../local/control.ts';
import { createFrameReader } from '../local/frame-stream.ts';
import { randomBytes } from '../local/random-bytes.ts';
import { readSettings } from '../settings-file.ts';
import { systemPaths } from '../system-paths.ts';
import { createLineReader } from './line-reader.ts';
import { createServeSession } from './serve-session.ts';

const RETRY_MS = 1_000;
/** Others who lost the same daemon may be starting the next one. */
const RESPAWN_AFTER_MS = 300;
const EXIT_MS = 60;
const NEWLINE = Buffer.from('\n');
/** Below this, one write of a copy is cheaper than two of the parts. */
const ONE_WRITE_BYTES = 8 * 1024;

const { env } = process;
const paths = systemPaths(env);
const server = serverOption(process.argv.slice(3));
const listFile = join(paths.cacheDir, server === undefined ? 'tools.json' : `tools-${server}.json`);
const grant = env['MCPGATE_TOKEN'];
let socket: Socket | undefined;
/** The daemon was stopped by hand: it comes back with the next line of the client. */
let stopped = false;
let connecting = false;
/** The list as it was written last. */
let kept: string | undefined;

function serverOption(args: readonly string[]): string | undefined {
  const name = args[0]?.startsWith('--server=')
    ? args[0].slice('--server='.length)
    : args[0] === '--server'
      ? args[1]
      : undefined;
  const isUsage = args.length > 0 && (name === undefined || !/^[a-z0-9-]{1,24}$/.test(name));
  if (isUsage) {
    const isHelp = args[0] === '--help' || args[0] === '-h';
    const usage =
      'Usage: mcpgate serve [--server NAME]\n\nThe stdio MCP server that AI clients launch; NAME serves one upstream under its own names.\n';
    (isHelp ? process.stdout : process.stderr).write(usage);
    process.exit(isHelp ? 0 : 2);
  }
  return name;
}

const say = (line: string) => void process.stderr.write(`mcpgate: ${line}\n`);

const lists = {
  read(): string | undefined {
    if (grant) return undefined; // the copy is of the stored login
    try {
      return readFileSync(listFile, 'utf8');
    } catch {
      return undefined; // none yet
    }
  },
  keep(text: string): void {
    if (grant || text === kept) return;
    kept = text;
    try {
      mkdirSync(paths.cacheDir, { recursive: true, mode: 0o700 });
      writeFileSync(listFile, text, { mode: 0o600 }); // small, rare, and no thread pool for it
    } catch (error) {
      say(`cannot keep the tool list: ${toGateError(error).message}`);
    }
  },
};

const session = createServeSession({
  clock: systemClock,
  randomHex: (bytes) => randomBytes(bytes).toString('hex'),
  randomSecret: () => randomBytes(32).toString('base64url'),
  ...(server === undefined ? {} : { server }),
  toLink: (frame) => socket?.write(frame) ?? true,
  toClient(message) {
    if (message.length < ONE_WRITE_BYTES)
      return process.stdout.write(typeof message === 'string' ? `${message}\n` : Buffer.concat([message, NEWLINE]));
    process.stdout.cork();
    process.stdout.write(message);
    const more = process.stdout.write('\n');
    process.stdout.uncork();
    return more;
  },
  lists,
});

function attach(): Buffer {
  if (!grant) return controlFrame({ type: 'attach' });
  const broker = env['MCPGATE_BROKER'] || readSettings(paths.configDir).broker;
  return controlFrame({ type: 'attach', broker: broker ?? '', token: grant });
}

function onFrame(frame: Buffer): void {
  const header = readFrame(frame);
  if (typeof header === 'string') return say(`the daemon sent ${header}`);
  const payload = frame.subarray(HEADER_BYTES);
  if (header.channel !== LINK_CHANNEL) return session.fromLink(header, payload);
  const event = readLocalEvent(payload);
  if (event?.type !== 'link') return;
  if (event.state === 'idle') stopped = true;
  session.linkState(event.state, event.message);
}

/** `spawn: false` first looks whether somebody else brings the daemon back. */
async function link(spawn: boolean): Promise<void> {
  if (connecting || socket) return;
  connecting = true;
  try {
    const found = spawn ? await connectOrStart({ paths, startDaemon: launchDaemon }) : await connectSocket(paths);
    connecting = false;
    if (!found) return retry(RESPAWN_AFTER_MS);
    stopped = false;
    socket = found.socket;
    const feed = createFrameReader(onFrame);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!feed(chunk)) socket?.destroy();
    });
    socket.on('drain', () => session.linkWritable());
    socket.on('error', () => socket?.destroy());
    socket.on('close', () => {
      socket = undefined;
      session.linkLost();
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
  // Loaded here: with a running daemon nobody pays for child_process.
  void import('../local/start-daemon.ts').then(({ startDaemon }) =>
    startDaemon({ paths, scriptPath: process.argv[1] ?? '', env }),
  );
}

function leave(): void {
  const last = session.closing();
  if (!socket || !last) process.exit(0);
  socket.end(last, () => process.exit(0));
  setTimeout(() => process.exit(0), EXIT_MS);
}

const readLine = createLineReader((line) => {
  session.fromClient(line);
  if (stopped) void link(true);
});
process.stdin.on('data', (chunk: Buffer) => {
  if (readLine(chunk)) return;
  say('a line of the AI client is longer than 64 MiB; ending');
  process.exitCode = 1;
  leave();
});
process.stdin.on('end', leave);
process.stdin.on('error', leave);
process.stdout.on('drain', () => session.clientWritable());
process.stdout.on('error', leave); // the client does not read any more
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
void link(true);
