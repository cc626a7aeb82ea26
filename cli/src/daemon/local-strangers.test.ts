// Everything hostile at the local socket: refused, said in a bounded log, and the clients that belong there go on.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, symlinkSync, existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from 'mcpgate-shared/clock';
import { FrameKind, HEADER_BYTES, writeFrame } from 'mcpgate-shared/link/frame';
import { connectDaemon } from '../serve/connect-daemon.ts';
import { connectSocket } from '../local/connect-socket.ts';
import { controlFrame } from '../local/control.ts';
import { clientHello, daemonHello } from '../local/handshake.ts';
import type { Paths } from '../laptop/paths.ts';
import { startDaemon, type DaemonStart } from './daemon.ts';
import { temporaryPaths } from './fixtures/temporary-paths.ts';

const run = promisify(execFile);
let folder: string;
let paths: Paths;
let remove: () => void;
let daemon: DaemonStart | undefined;
let lines: string[];
let friend: Awaited<ReturnType<typeof connectDaemon>>;

async function start() {
  const line = (message: string) => void lines.push(message);
  daemon = await startDaemon({
    paths,
    clock: systemClock,
    random: () => 0.5,
    log: { debug: line, info: line, warn: line, error: line },
    idleMs: 60_000,
    tokenSource: () => ({
      broker: undefined,
      token: () => Promise.resolve({ kind: 'login_needed', message: 'not logged in: run `mcpgate login`' }),
    }),
    socketOptions: () => ({}),
    login: {
      begin: () => Promise.reject(new Error('nobody asks for a login here')),
      browser: () => Promise.resolve({ available: false, open: () => Promise.resolve(false) }),
    },
    onEnd: () => undefined,
  });
  friend = await connectDaemon({ paths, env: {}, scriptPath: '', spawn: false });
}

beforeEach(() => {
  lines = [];
  ({ folder, paths, remove } = temporaryPaths());
});
afterEach(() => {
  if (daemon?.kind === 'listening') daemon.stop();
  daemon = undefined;
  remove();
});

const gone = (socket: Socket) => {
  socket.on('error', () => undefined); // the daemon may reset it while this end still writes
  socket.resume();
  return new Promise<void>((resolve) => socket.once('close', () => resolve()));
};
const friendIsWell = async () => assert.equal((await friend.status()).pid, process.pid);

/** Connects as another user, says `hello`, and prints what came of it. */
const asAnotherUser = async () => {
  const script = `const s = require('node:net').connect(process.argv[1]);
    s.on('error', (error) => console.log(error.code));
    s.on('connect', () => s.write(Buffer.from(process.argv[2], 'hex')));
    s.on('close', () => console.log('closed'));
    s.resume();`;
  const hello = Buffer.concat([clientHello(Buffer.alloc(16, 1), '1.0.0'), Buffer.alloc(32, 7)]).toString('hex');
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'node'];
  const { stdout } = await run('setpriv', [...asNobody, '-e', script, paths.socketPath, hello], {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  return stdout.trim().split('\n');
};

test('another user’s process cannot reach the socket; with the folder opened by force it does not get past the proof', async () => {
  await start();
  assert.deepEqual(await asAnotherUser(), ['EACCES', 'closed']);
  chmodSync(folder, 0o755);
  chmodSync(paths.runtimeDir, 0o777);
  chmodSync(paths.socketPath, 0o777);
  assert.equal((await asAnotherUser()).at(-1), 'closed');
  assert.ok(lines.some((line) => line.includes('does not know the local secret')));
  await friendIsWell();
});

test('connections without a proof are bounded, and those who belong there get in once they are gone', async () => {
  await start();
  const strangers = Array.from({ length: 200 }, () => connect(paths.socketPath));
  const closing = strangers.map(gone);
  await Promise.race(closing); // more than the bound: the first is shown out at once
  await friendIsWell();
  strangers.forEach((stranger) => stranger.destroy());
  await Promise.all(closing);
  const another = await connectDaemon({ paths, env: {}, scriptPath: '', spawn: false });
  assert.equal((await another.status()).pid, process.pid);
  another.close();
  assert.ok(lines.filter((line) => line.includes('refused')).length <= 11, 'the log is bounded');
});

test('a connection that does not finish the handshake in time is closed: silent, or with half a hello', async () => {
  await start();
  const silent = connect(paths.socketPath);
  const half = connect(paths.socketPath);
  half.write(clientHello(Buffer.alloc(16), '1.0.0').subarray(0, 9));
  await Promise.all([gone(silent), gone(half)]);
  assert.equal(lines.filter((line) => line.includes('no proof within 3 s')).length, 2);
  await friendIsWell();
});

test('a proven client that breaks the protocol is cut: frames too large or too short, of unknown kinds, requests nobody knows', async () => {
  await start();
  const framed = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const header = { flags: 0, channel: 1, seq: 0, ack: 0 };
  const cases: readonly [Buffer, RegExp][] = [
    [Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), /not a stream of frames/],
    [Buffer.from([0, 1, 0, 1]), /not a stream of frames/],
    [Buffer.from([0, 0, 0, HEADER_BYTES - 1]), /not a stream of frames/],
    [framed(Buffer.alloc(HEADER_BYTES, 0xff)), /unknown frame kind/],
    [framed(writeFrame({ ...header, kind: FrameKind.opened }, Buffer.alloc(0))), /no client sends/],
    [framed(writeFrame({ ...header, kind: FrameKind.opened }, Buffer.alloc(0))), /no client sends/],
    [
      framed(writeFrame({ ...header, kind: FrameKind.control, channel: 0 }, Buffer.from('{]'))),
      /unknown local request/,
    ],
  ];
  for (const [bytes, says] of cases) {
    const found = await connectSocket(paths);
    assert.ok(found);
    found.socket.write(bytes);
    await gone(found.socket);
    assert.match(lines.at(-1) ?? '', says);
  }
  await friendIsWell();
});

test('half a frame that is never finished holds nothing but itself', async () => {
  await start();
  const found = await connectSocket(paths);
  assert.ok(found);
  found.socket.write(Buffer.from([0, 0, 0xff, 0xff, 1, 2, 3]));
  await friendIsWell();
  found.socket.destroy();
  await gone(found.socket);
  await friendIsWell();
});

test('a client that asks and never reads is cut at a bound', async () => {
  await start();
  const found = await connectSocket(paths);
  assert.ok(found);
  const { socket } = found;
  socket.pause();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined); // it is cut while it writes
  const questions = Buffer.concat(Array.from({ length: 2_000 }, () => controlFrame({ type: 'status' })));
  let cut = false;
  void closed.then(() => (cut = true));
  while (!cut) {
    await Promise.race([closed, new Promise<void>((resolve) => void socket.write(questions, () => resolve()))]);
    const { bytesToClients } = await friend.status();
    assert.ok(bytesToClients < 40 * 1024 * 1024, `${bytesToClients} bytes wait`);
  }
  assert.ok(lines.some((line) => line.includes('does not read')));
  await friendIsWell();
});

test('a socket that somebody else put there, or a link in its place, is refused with a clear message, and a daemon does not take it over', async () => {
  await connectSocket(paths); // makes the folder and the key
  const hello = daemonHello(Buffer.alloc(32, 9), Buffer.alloc(16), Buffer.alloc(16, 1), '1.0.0');
  const impostor = createServer((socket) => void socket.end(hello));
  const theirs = join(folder, 'theirs.sock');
  impostor.listen(theirs).unref();
  await once(impostor, 'listening');
  symlinkSync(theirs, paths.socketPath);
  await assert.rejects(connectSocket(paths), /daemon\.sock: what listens there does not know the local secret/);
  await assert.rejects(start(), /does not know the local secret; run `mcpgate daemon restart`, or look who made/);
  impostor.close();
  unlinkSync(paths.socketPath);
  const target = join(folder, 'target');
  writeFileSync(target, 'precious');
  symlinkSync(target, paths.socketPath);
  await start(); // a dead link is cleared away, what it pointed to is not touched
  assert.equal(existsSync(target), true);
  await friendIsWell();
});
