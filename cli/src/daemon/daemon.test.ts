import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock, type Clock } from 'mcpgate-shared/clock';
import type { TokenSource } from '../auth/token-source.ts';
import { connectDaemon } from '../serve/connect-daemon.ts';
import { connectSocket } from '../local/connect-socket.ts';
import { clientHello, daemonHello } from '../local/handshake.ts';
import type { Paths } from '../laptop/paths.ts';
import { startDaemon, type DaemonStart } from './daemon.ts';
import { temporaryPaths } from './fixtures/temporary-paths.ts';

let paths: Paths;
let remove: () => void;
const running: DaemonStart[] = [];

beforeEach(() => {
  ({ paths, remove } = temporaryPaths());
});
afterEach(() => {
  for (const one of running.splice(0)) if (one.kind === 'listening') one.stop();
  remove();
});

const nobodyIsLoggedIn: TokenSource = {
  broker: undefined,
  token: () => Promise.resolve({ kind: 'login_needed', message: 'not logged in: run `mcpgate login https://BROKER`' }),
};

async function start(changes: { clock?: Clock; idleMs?: number; onEnd?: () => void; lines?: string[] } = {}) {
  const line = (message: string) => void changes.lines?.push(message);
  const started = await startDaemon({
    paths,
    clock: changes.clock ?? systemClock,
    random: () => 0.5,
    log: { debug: line, info: line, warn: line, error: line },
    idleMs: changes.idleMs ?? 60_000,
    tokenSource: () => nobodyIsLoggedIn,
    socketOptions: () => ({}),
    login: {
      begin: () => Promise.reject(new Error('nobody asks for a login here')),
      browser: () => Promise.resolve({ available: false, open: () => Promise.resolve(false) }),
    },
    onEnd: changes.onEnd ?? (() => undefined),
  });
  running.push(started);
  return started;
}
const command = () => connectDaemon({ paths, env: {}, scriptPath: '', spawn: false });

test('of several daemons that start at the same instant one listens and the others see it', async () => {
  const started = await Promise.all([start(), start(), start(), start()]);
  assert.deepEqual(started.map(({ kind }) => kind).sort(), ['listening', 'taken', 'taken', 'taken']);
});

test('a socket and a lock that a killed daemon left behind do not hinder the next one', async () => {
  await connectSocket(paths); // makes the folder
  writeFileSync(paths.lockPath, '999999999');
  writeFileSync(paths.socketPath, '');
  assert.equal((await start()).kind, 'listening');
  assert.equal(existsSync(paths.lockPath), false);
});

test('the folder is the user’s alone, also where it was wider before', async () => {
  await connectSocket(paths);
  chmodSync(paths.runtimeDir, 0o755);
  await start();
  assert.equal(statSync(paths.runtimeDir).mode & 0o777, 0o700);
  assert.equal(statSync(paths.localKeyPath).mode & 0o777, 0o600);
});

test('a command is answered: status, and why there is no link', async () => {
  await start();
  const daemon = await command();
  const failed = new Promise<Error>((resolve) => daemon.channel().onFailure(resolve));
  assert.match((await failed).message, /not logged in: run `mcpgate login/);
  const { link, pid, clients } = await daemon.status();
  assert.deepEqual([link.state, pid, clients], ['login_needed', process.pid, 1]);
  daemon.close();
});

test('a client that does not know the local secret is shown out, and the others stay', async () => {
  const lines: string[] = [];
  await start({ lines });
  const friend = await command();
  const stranger = connect(paths.socketPath);
  stranger.write(clientHello(Buffer.alloc(16), '1.0.0'));
  stranger.write(Buffer.alloc(32, 7));
  stranger.resume();
  await once(stranger, 'close');
  assert.ok(lines.some((line) => line.includes('does not know the local secret')));
  assert.equal((await friend.status()).pid, process.pid);
  friend.close();
});

test('garbage on the local socket ends that connection alone', async () => {
  await start();
  const friend = await command();
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(100_000, 255), Buffer.from([0x6d, 0x63])]) {
    const stranger = connect(paths.socketPath);
    stranger.on('error', () => undefined); // the daemon may reset it while this end still writes
    stranger.end(garbage);
    stranger.resume();
    await new Promise<void>((resolve) => stranger.once('close', () => resolve()));
  }
  assert.equal((await friend.status()).pid, process.pid);
  friend.close();
});

test('a client refuses to talk to a listener that does not know the local secret', async (t) => {
  await connectSocket(paths);
  const hello = daemonHello(Buffer.alloc(32, 9), Buffer.alloc(16), Buffer.alloc(16, 1), '1.0.0');
  const impostor = createServer((socket) => void socket.end(hello));
  t.after(() => impostor.close());
  impostor.listen(paths.socketPath);
  await once(impostor, 'listening');
  await assert.rejects(connectSocket(paths), /does not know the local secret.*mcpgate daemon restart/);
  impostor.close();
});

test('the daemon ends when no client has been connected for the idle time, and not before', async () => {
  const idle = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    after(delayMs, callback) {
      if (delayMs === 1234) idle.add(callback);
      return () => idle.delete(callback);
    },
  };
  const ended = new Promise<void>((resolve) => void start({ clock, idleMs: 1234, onEnd: resolve }));
  await new Promise((resolve) => setImmediate(resolve));
  let daemon = await command().catch(() => undefined);
  while (!daemon) daemon = await command().catch(() => undefined);
  await daemon.status();
  assert.equal(idle.size, 0, 'somebody is here');
  daemon.close();
  while (idle.size === 0) await new Promise((resolve) => setImmediate(resolve));
  for (const run of idle) run();
  await ended;
  assert.equal(existsSync(paths.socketPath), false);
});

test('the daemon gives way to a newer version at once', async () => {
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => void start({ lines, onEnd: resolve }).then(() => greet()));
  function greet() {
    // The handshake of a newer release: its version is all that differs.
    void import('../local/runtime-dir.ts').then(async ({ readLocalKey }) => {
      const { readDaemonHello } = await import('../local/handshake.ts');
      const key = readLocalKey(paths, (bytes) => Buffer.alloc(bytes));
      const nonce = Buffer.alloc(16, 3);
      const socket = connect(paths.socketPath);
      socket.write(clientHello(nonce, '99.0.0'));
      socket.once('data', (bytes: Buffer) => {
        const step = readDaemonHello(bytes, key, nonce);
        assert.ok(step.kind === 'done');
        socket.write(step.proof);
      });
    });
  }
  await ended;
  assert.ok(lines.includes('giving way to version 99.0.0'));
  assert.equal(existsSync(paths.socketPath), false);
});
