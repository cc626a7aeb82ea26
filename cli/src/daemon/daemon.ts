// The daemon: one process per user, machine and profile. It owns the local socket and one link for each credential. `serve` and commands start it; it ends
// when it has had no client for a while, or when a client of a newer version comes.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { FrameHeader } from 'mcpgate-shared/link/frame';
import { VERSION } from 'mcpgate-shared/version';
import type { TokenSource } from '../auth/token-source.ts';
import { connectSocket } from '../local/connect-socket.ts';
import type { LocalRequest } from '../local/control.ts';
import type { DaemonStatus } from '../local/daemon-connection.ts';
import { readLocalKey } from '../local/runtime-dir.ts';
import type { Paths } from '../laptop/paths.ts';
import { profileWords } from '../laptop/profile-words.ts';
import { type BrokerLinkOptions, createBrokerLink } from './broker-link.ts';
import type { DaemonLog } from './daemon-log.ts';
import { withLock } from './daemon-lock.ts';
import { createLocalDoor } from './local-door.ts';
import { createLoginAgain, type LoginAgainOptions } from './login-again.ts';
import { createPageOpener } from './page-opener.ts';
import { createLinkSwitch, type LinkSwitch } from './link-switch.ts';
import { acceptLocalClient, type LocalClient } from './local-client.ts';

export interface DaemonOptions {
  paths: Paths;
  clock: Clock;
  random: () => number;
  log: DaemonLog;
  idleMs: number;
  /** The tokens of the stored login, or of a grant that a client has brought. */
  tokenSource: (grant?: { broker: string; token: string }) => TokenSource;
  socketOptions: BrokerLinkOptions['socketOptions'];
  /** How to have the person log in again when the stored login has ended. */
  login: Pick<LoginAgainOptions, 'begin' | 'browser'>;
  /** The daemon has ended, so the process can. */
  onEnd: () => void;
}

/** `taken`: another daemon is listening already. */
export type DaemonStart = { kind: 'listening'; stop: () => void } | { kind: 'taken' };

const STORED_LOGIN = 'stored login';

const sumOf = <T>(all: Iterable<T>, of: (one: T) => number): number => {
  let total = 0;
  for (const one of all) total += of(one);
  return total;
};

export async function startDaemon(options: DaemonOptions): Promise<DaemonStart> {
  const { paths, clock, log } = options;
  const key = readLocalKey(paths, randomBytes);
  const instance = randomUUID();
  const startedAt = clock.now();
  const words = profileWords(paths);
  /** One switch for each credential, so that no call travels under another one. */
  const switches = new Map<string, LinkSwitch>();
  const switchOf = new Map<LocalClient, LinkSwitch>();
  const connected = new Set<LocalClient>();
  let cancelIdle: (() => void) | undefined;
  let ending = false;

  const watchIdle = () => {
    cancelIdle?.();
    cancelIdle = clock.after(options.idleMs, () => {
      log.info('nobody has been here for a while');
      end();
    });
  };

  const pages = createPageOpener({ clock, log, browser: options.login.browser });

  const switchFor = (grant: { broker: string; token: string } | undefined): LinkSwitch => {
    const name = grant ? createHash('sha256').update(`${grant.broker} ${grant.token}`).digest('hex') : STORED_LOGIN;
    const known = switches.get(name);
    if (known) return known;
    const tokens = options.tokenSource(grant);
    const made = createLinkSwitch((events) =>
      createBrokerLink({
        tokens,
        clock,
        random: options.random,
        log,
        instance,
        pages: grant === undefined ? pages : undefined,
        words,
        socketOptions: options.socketOptions,
        ...events,
      }),
    );
    switches.set(name, made);
    return made;
  };

  const statusNow = (): DaemonStatus => {
    const { link } = switchFor(undefined);
    return {
      version: VERSION,
      pid: process.pid,
      startedAt,
      clients: switchOf.size,
      channels: sumOf(switches.values(), (one) => one.channels),
      bytesToBroker: sumOf(switches.values(), (one) => one.link.unsentBytes),
      bytesToClients: sumOf(connected, (client) => client.unreadBytes),
      link: {
        state: link.state,
        broker: link.broker ?? null,
        since: link.since,
        latencyMs: link.latencyMs,
        message: link.message,
      },
      login: loginAgain.pending ?? null,
    };
  };

  const loginAgain = createLoginAgain({
    clock,
    log,
    ...options.login,
    onLoggedIn: () => reload(),
    onFailed(message) {
      for (const client of switches.get(STORED_LOGIN)?.clients ?? [])
        client.send({ type: 'login', pending: null, message: words(message) });
    },
  });

  const askLogin = async (client: LocalClient, browser: boolean) => {
    if (switchOf.get(client) !== switches.get(STORED_LOGIN)) return; // no person can renew a grant
    const answer = await loginAgain.ask({ browser });
    if (answer.kind === 'pending') client.send({ type: 'login', pending: answer.pending, message: '' });
    else client.send({ type: 'login', pending: null, message: words(answer.message) });
  };

  /** The stored login has changed: ends the link of the former login; its clients go on with the new one. */
  const reload = () => {
    loginAgain.reset();
    const old = switches.get(STORED_LOGIN);
    switches.delete(STORED_LOGIN);
    const fresh = switchFor(undefined);
    if (old === undefined) return;
    old.close();
    for (const client of [...old.clients]) {
      old.remove(client);
      switchOf.set(client, fresh);
      fresh.add(client);
    }
  };

  const onRequest = (client: LocalClient, request: LocalRequest) => {
    if (request.type === 'attach') {
      if (switchOf.has(client)) return client.close();
      const { broker, token } = request;
      const grant = broker === undefined || token === undefined ? undefined : { broker, token };
      const chosen = switchFor(grant);
      switchOf.set(client, chosen);
      chosen.add(client);
    } else if (request.type === 'status') client.send({ type: 'status', status: statusNow() });
    else if (request.type === 'login') void askLogin(client, request.browser);
    else if (request.type === 'reload') {
      reload();
      client.send({ type: 'ok' });
    } else {
      client.send({ type: 'ok' });
      for (const each of switchOf.keys()) each.send({ type: 'link', state: 'idle', message: 'the daemon was stopped' });
      end();
    }
  };

  const onGone = (client: LocalClient) => {
    connected.delete(client);
    const had = switchOf.get(client);
    switchOf.delete(client);
    had?.remove(client);
    for (const [name, one] of switches) {
      if (one !== had || name === STORED_LOGIN || one.clients.size > 0) continue;
      one.close(); // the link of a grant ends with the last client that brought the grant
      switches.delete(name);
    }
    if (connected.size === 0) watchIdle();
  };

  const door = createLocalDoor({ log, clock });
  const server: Server = createServer((socket) => {
    const entered = door.enter(socket);
    if (entered === undefined) return;
    acceptLocalClient(socket, key, {
      onProven(client) {
        entered.proven();
        connected.add(client);
        cancelIdle?.();
        if (!isNewer(client.version, VERSION)) return;
        log.info(`giving way to version ${client.version}`);
        end(); // all clients resume their channels through the newer daemon
      },
      onRequest,
      onFrame: (client: LocalClient, header: FrameHeader, frame: Buffer) =>
        switchOf.get(client)?.fromClient(client, header, frame),
      onGone,
      onRefused: door.refused,
    });
  });

  function end(): void {
    if (ending) return;
    ending = true;
    cancelIdle?.();
    loginAgain.reset();
    server.close(); // removes the socket file, so that the next daemon can listen at once
    for (const one of switches.values()) one.close();
    for (const client of connected) client.close();
    options.onEnd();
  }

  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new GateError('internal', `cannot listen at ${paths.socketPath}: ${cause.message}`, { cause }));
      });
      server.listen(paths.socketPath, resolve);
    });

  return withLock(
    paths.lockPath,
    () => clock.now(),
    async () => {
      const other = await connectSocket(paths);
      if (other) {
        other.socket.destroy();
        return { kind: 'taken' };
      }
      if (process.platform !== 'win32') {
        try {
          unlinkSync(paths.socketPath); // left behind by a daemon that was killed
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
        }
      }
      await listen();
      watchIdle();
      return { kind: 'listening', stop: end };
    },
  );
}

const numbersOf = (version: string) => (/^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);

/** Whether version `a` is newer than version `b`; false where one is not of the form `1.2.3`. */
function isNewer(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (const [index, number] of left.entries()) {
    const other = right[index] ?? 0;
    if (number !== other) return number > other;
  }
  return false;
}
