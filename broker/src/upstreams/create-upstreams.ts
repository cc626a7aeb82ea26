// The pool of connections to real MCP servers: one slot a server, or one a server and person, by the server's record.
import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Store } from '../store/store.ts';
import type { Secrets } from './secrets.ts';
import { connect, type ConnectDeps } from './connect.ts';
import { createProcessRegister } from './process-register.ts';
import { createProcessHomes } from './process-home.ts';
import { secretNamesOf } from './resolved-transport.ts';
import { createSlot, type Slot } from './slot.ts';
import { statusOf } from './slot-status.ts';
import { testServer } from './test-server.ts';
import type { Upstreams } from './upstream.ts';

export interface UpstreamsOptions {
  store: { servers: Pick<Store['servers'], 'list'> };
  vault: Secrets;
  log: Pick<BaseLogger, 'debug' | 'info' | 'warn'>;
  clock: Clock;
  /** Homes of stdio servers are made below it. */
  dataDir: string;
  /** The broker runs as root: each stdio server gets a uid of its own. */
  isRoot: boolean;
  brokerVersion: string;
  /** What stdio servers get of the broker's environment. */
  path: string;
  lang?: string;
  workspaceIds?: readonly string[];
  startTimeoutMs?: number;
  /** Without progress for so long, a request has timed out. */
  requestTimeoutMs?: number;
  /** A process of one person ends after so long without a call. */
  idleMs?: number;
}

interface Place {
  record: ServerRecord;
  userKey: string | null;
  slot: Slot;
}

type ToolsListener = Parameters<Upstreams['onToolsChanged']>[0];

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { clock, log, vault } = options;
  const workspaceIds = options.workspaceIds ?? ['default'];
  const idleMs = options.idleMs ?? 600_000;
  const deps: ConnectDeps = {
    vault,
    log,
    clock,
    homes: createProcessHomes({ dataDir: options.dataDir, isRoot: options.isRoot }),
    register: createProcessRegister(path.join(options.dataDir, 'upstreams', '.processes'), (pid) =>
      log.warn({ pid }, 'a server process of the last broker was still running and has been ended'),
    ),
    brokerVersion: options.brokerVersion,
    baseEnv: { PATH: options.path, LANG: options.lang ?? 'C.UTF-8' },
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
  };
  const listeners = new Set<ToolsListener>();
  const places = new Map<string, Place>();
  const leaving = new Set<Promise<void>>();
  let records = new Map<string, ServerRecord>();
  let enabledByWorkspace = new Map<string, readonly ServerRecord[]>();
  let reloading: Promise<void> = Promise.resolve();
  let isClosed = false;
  let cancelSweep: () => void = () => undefined;

  function tell(record: ServerRecord, userKey: string | null): void {
    for (const listener of listeners) listener({ workspaceId: record.workspaceId, server: record.name, userKey });
  }

  function placeOf(record: ServerRecord, userKey: string | null): Place {
    const key = `${record.id}\n${userKey ?? ''}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const leaf =
      userKey === null ? 'shared' : `user-${createHash('sha256').update(userKey).digest('hex').slice(0, 16)}`;
    let lastFailure: string | undefined;
    const slot = createSlot({
      serverName: record.name,
      clock,
      keepAlive: userKey === null,
      connect: (events) => connect(deps, { record, leaf, ...events }),
      onToolsChanged: () => tell(record, userKey),
      onState(state, error) {
        // The same failure again, at every try, is said once.
        if (state === 'failed' && error?.message !== lastFailure) {
          lastFailure = error?.message;
          log.warn({ server: record.name, error: error?.message }, 'a server failed');
        } else log.debug({ server: record.name, state }, 'a server changed its state');
      },
    });
    const place = { record, userKey, slot };
    places.set(key, place);
    return place;
  }

  function leave(key: string, place: Place, graceMs: number): Promise<void> {
    places.delete(key);
    const left = place.slot.close(graceMs);
    leaving.add(left);
    return left.finally(() => leaving.delete(left));
  }

  function sweep(): void {
    cancelSweep = clock.after(Math.min(idleMs, 60_000), sweep);
    for (const [key, place] of places) {
      if (place.userKey === null || place.slot.pending > 0 || clock.now() - place.slot.lastUsedAt < idleMs) continue;
      log.debug({ server: place.record.name }, 'an idle server of one person ends');
      void leave(key, place, 0);
    }
  }

  async function reload(): Promise<void> {
    const lists = await Promise.all(workspaceIds.map((id) => options.store.servers.list(id)));
    if (isClosed) return;
    const before = records;
    records = new Map(lists.flat().map((record) => [record.id, record]));
    const enabled = lists.flat().filter((record) => record.enabled);
    enabledByWorkspace = new Map(
      workspaceIds.map((id) => [
        id,
        enabled.filter((each) => each.workspaceId === id).sort((a, b) => (a.name < b.name ? -1 : 1)),
      ]),
    );
    for (const [key, place] of places) {
      const now = records.get(place.record.id);
      if (now === undefined || !isSame(now, place.record)) void leave(key, place, 30_000);
    }
    for (const record of enabled) if (record.isolation === 'shared') placeOf(record, null).slot.warm();
    for (const record of [...before.values(), ...records.values()]) {
      const [old, now] = [before.get(record.id), records.get(record.id)];
      if ((old === undefined || now === undefined || !isSame(old, now)) && (old === record || old === undefined)) {
        tell(record, null);
      }
    }
  }

  const endVault = vault.onChange(({ workspaceId, name }) => {
    for (const { record, slot } of places.values()) {
      if (record.workspaceId === workspaceId && secretNamesOf(record).has(name)) slot.renew();
    }
  });
  sweep();

  return {
    servers: (workspaceId) => enabledByWorkspace.get(workspaceId) ?? [],
    acquire(server, userKey) {
      const record = records.get(server.id);
      if (record === undefined || !record.enabled || isClosed) {
        return Promise.reject(new GateError('not_found', `server ${server.name} is not registered or not enabled`));
      }
      return placeOf(record, record.isolation === 'shared' ? null : userKey).slot.acquire();
    },
    status(workspaceId) {
      return [...records.values()]
        .filter((record) => record.workspaceId === workspaceId)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((record) =>
          statusOf(
            record,
            [...places.values()].filter((place) => place.record.id === record.id).map((place) => place.slot),
          ),
        );
    },
    test: (server) => testServer(deps, server, `test-${randomUUID()}`),
    reload() {
      // In order: an older answer of the store must not win over a newer one.
      reloading = reloading.catch(() => undefined).then(reload);
      return reloading;
    },
    onToolsChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      isClosed = true;
      endVault();
      cancelSweep();
      for (const [key, place] of places) void leave(key, place, 0);
      const results = await Promise.allSettled(leaving);
      for (const result of results) {
        if (result.status === 'rejected')
          log.warn({ error: toGateError(result.reason).message }, 'a connection did not end');
      }
    },
  };
}

function isSame(a: ServerRecord, b: ServerRecord): boolean {
  return (
    a.name === b.name &&
    a.enabled === b.enabled &&
    a.isolation === b.isolation &&
    JSON.stringify(a.transport) === JSON.stringify(b.transport)
  );
}
