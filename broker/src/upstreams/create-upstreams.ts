// The pool of connections to real MCP servers. Each place of a server (shared, or one person's or session's, as its record says) has a slot,
// which makes and keeps the connection. The pool reads the records, obtains and ends places, and stops idle ones.
import { randomUUID } from 'node:crypto';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { ownerFor } from '../domain/people/account.ts';
import { isolationOf, isSameServer, type ServerRecord } from '../domain/server-record.ts';
import { identityHeaderOf, runsHere } from '../domain/transports/transports.ts';
import { createCircuitBreaker, type CircuitBreaker } from './pool/circuit-breaker.ts';
import { createConnectDeps } from './connect-deps.ts';
import { connect } from './pool/connect.ts';
import { createIdleTime, type IdleTime } from './pool/idle-time.ts';
import { makeRoom, type ProcessLimits } from './pool/make-room.ts';
import { folderOf, homeNameOf } from './process/process-home.ts';
import { secretNamesOf } from './secrets/resolved-transport.ts';
import { createSlot, type Slot } from './pool/slot.ts';
import { createStartPace } from './pool/start-pace.ts';
import { statusOf } from './pool/slot-status.ts';
import { testServer } from './probe/test-server.ts';
import type { UpstreamsOptions } from './upstreams-options.ts';
import {
  type ListedItem,
  placeOf,
  type Requester,
  type ServerFacts,
  type UpstreamEvent,
  type Upstreams,
} from './upstream.ts';

interface Place {
  record: ServerRecord;
  /** As `placeOf` says: the key of a person or a session; null where people share the connection. */
  name: string | null;
  /** The person; null where people share the connection. */
  userKey: string | null;
  slot: Slot;
  /** The name of the home, below the server's folder. */
  homeName: string;
  idleTime: IdleTime;
}

type EventBody = UpstreamEvent extends infer E
  ? E extends UpstreamEvent
    ? Omit<E, 'workspaceId' | 'server' | 'place'>
    : never
  : never;

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { clock, log, vault } = options;
  const random = options.random ?? Math.random;
  const idleMs = options.idleMs ?? 600_000;
  const sharedIdleMs = options.sharedIdleMs ?? Infinity;
  const limits: ProcessLimits = { overall: 500, perServer: 100, perUser: 50, ...options.limits };
  const pace = createStartPace({ clock, most: options.startsAtOnce });
  const deps = createConnectDeps(options, keepUntilOver);
  const listeners = new Set<(event: UpstreamEvent) => void>();
  const renameListeners = new Set<Parameters<Upstreams['onRenamed']>[0]>();
  const places = new Map<string, Place>();
  /** Connections and processes that are ending; `close` waits for them. */
  const leaving = new Set<Promise<void>>();
  /** By the server's id, for servers with more than one place: the breaker of all of them together. */
  const serverBreakers = new Map<string, CircuitBreaker>();
  /** By the server's id: what the server said of itself on the connection that was made last. */
  const lastFacts = new Map<string, ServerFacts>();
  /** By the server's id: what it listed when it was tested last. */
  const testedTools = new Map<string, readonly ListedItem[]>();
  let records = new Map<string, ServerRecord>();
  let enabledByWorkspace = new Map<string, readonly ServerRecord[]>();
  let reloading: Promise<void> = Promise.resolve();
  let isClosed = false;
  let cancelSweep: () => void = () => undefined;

  function keepUntilOver(work: Promise<void>): void {
    leaving.add(work);
    const over = () => leaving.delete(work);
    work.then(over, over);
  }

  function tell(record: ServerRecord, place: string | null, body: EventBody): void {
    const event: UpstreamEvent = { workspaceId: record.workspaceId, server: record.name, place, ...body };
    for (const listener of listeners) listener(event);
  }

  const keyOf = (record: ServerRecord, name: string | null) => `${record.id}\n${name ?? ''}`;

  function serverBreakerOf(record: ServerRecord): CircuitBreaker {
    const known = serverBreakers.get(record.id);
    if (known !== undefined) return known;
    const made = createCircuitBreaker({ clock, random });
    serverBreakers.set(record.id, made);
    return made;
  }

  function obtain(record: ServerRecord, name: string | null, requester: Requester | undefined): Place {
    const key = keyOf(record, name);
    const known = places.get(key);
    if (known !== undefined) return known;
    const homeName = homeNameOf(record, name);
    let lastFailure: string | undefined;
    const idleTime = createIdleTime({ clock, baseMs: name === null ? sharedIdleMs : idleMs });
    const breakerOptions = { clock, random };
    const slot = createSlot({
      serverName: record.name,
      clock,
      keepAlive: name === null,
      breaker: createCircuitBreaker(breakerOptions),
      ...(name === null ? {} : { serverBreaker: serverBreakerOf(record) }),
      idleTime,
      pingMs: options.pingMs ?? 10_000,
      renewalMs: deps.requestTimeoutMs,
      async connect(events) {
        const start = () =>
          connect(deps, {
            record,
            homeName,
            owner: ownerFor(record, requester?.userKey ?? null),
            userId: personOf(requester?.userKey ?? null),
            ...events,
            // Only where a connection is one session's own is it certain whom the server asks.
            ...(isolationOf(record) === 'per-session' && requester !== undefined ? { requester } : {}),
          });
        if (!runsHere(record.transport)) return start();
        await makeRoom(place, places.values(), limits);
        return pace.begin(start, { isAwaited: () => slot.isAwaited, signal: events.signal });
      },
      onConnected: (session) => tell(record, name, { kind: 'connected', session }),
      onListChanged: (list) => tell(record, name, { kind: 'list_changed', list }),
      onListStale: (list) => tell(record, name, { kind: 'list_stale', list }),
      onNotification: (method, paramsText) => tell(record, name, { kind: 'notification', method, paramsText }),
      onState(state, error) {
        if (state === 'ready' && slot.facts !== undefined) lastFacts.set(record.id, slot.facts);
        // A failure that repeats at every try is logged once.
        if (state === 'failed' && error?.message !== lastFailure) {
          lastFailure = error?.message;
          log.warn({ server: record.name, error: error?.message }, 'a server failed');
        } else log.debug({ server: record.name, state }, 'a server changed its state');
      },
    });
    const place: Place = {
      record,
      name,
      userKey: name === null ? null : (requester?.userKey ?? null),
      slot,
      homeName,
      idleTime,
    };
    places.set(key, place);
    return place;
  }

  function leave(key: string, place: Place, graceMs: number): Promise<void> {
    places.delete(key);
    const left = place.slot.close(graceMs).then(() => {
      // The home of a session's process is of no use after the session.
      if (isolationOf(place.record) === 'per-session' && runsHere(place.record.transport))
        return deps.homes.removeHome(folderOf(place.record), place.homeName);
    });
    left.catch((error: unknown) =>
      log.warn({ server: place.record.name, error: toGateError(error).message }, 'a connection did not end well'),
    );
    keepUntilOver(left);
    return left;
  }

  function sweep(): void {
    cancelSweep = clock.after(Math.min(idleMs, sharedIdleMs, 60_000), sweep);
    for (const [key, place] of places) {
      const { record, name, slot } = place;
      const unusedMs = clock.now() - slot.lastUsedAt;
      // The place of a person whose connection is stopped is kept for a while, for its lists; a session's place ends with the session.
      if (isolationOf(record) === 'per-user' && slot.state === 'idle' && unusedMs > FORGET_MS) places.delete(key);
      const mayStop = name !== null || runsHere(record.transport);
      if (!mayStop || !slot.isIdle || unusedMs < place.idleTime.ms) continue;
      log.debug({ server: record.name, place: name === null ? 'shared' : 'own' }, 'an idle connection ends');
      void slot.stop();
    }
  }

  async function refresh(server: Pick<ServerRecord, 'id'>): Promise<void> {
    const slots = [...places.values()].filter(({ record }) => record.id === server.id).map(({ slot }) => slot);
    let cancel: () => void = () => undefined;
    const longEnough = new Promise<void>((resolve) => (cancel = clock.after(REFRESH_WAIT_MS, resolve)));
    await Promise.race([Promise.all(slots.map((slot) => slot.refresh())), longEnough]);
    cancel();
  }

  function tellRenamed(before: ReadonlyMap<string, ServerRecord>): void {
    const byWorkspace = new Map<string, Map<string, string>>();
    for (const { id, workspaceId, name } of records.values()) {
      const old = before.get(id)?.name ?? name;
      if (old === name) continue;
      const names = byWorkspace.get(workspaceId) ?? new Map<string, string>();
      byWorkspace.set(workspaceId, names.set(old, name));
    }
    for (const [workspaceId, names] of byWorkspace)
      for (const listener of renameListeners) listener({ workspaceId, names });
  }

  async function reload(): Promise<void> {
    const workspaces = await options.store.workspaces.list();
    const lists = await Promise.all(workspaces.map(({ name }) => options.store.servers.list(name)));
    if (lists.flat().some(({ transport }) => runsHere(transport))) await deps.isolator();
    if (isClosed) return;
    const before = records;
    records = new Map(lists.flat().map((record) => [record.id, record]));
    const enabled = lists.flat().filter((record) => record.enabled);
    deps.openings.keep(records);
    enabledByWorkspace = new Map(
      workspaces.map(({ name: id }) => [
        id,
        enabled.filter((each) => each.workspaceId === id).sort((a, b) => (a.name < b.name ? -1 : 1)),
      ]),
    );
    tellRenamed(before);
    for (const [key, place] of places) {
      const now = records.get(place.record.id);
      if (now === undefined || !isSameServer(now, place.record)) void leave(key, place, 30_000);
    }
    for (const id of serverBreakers.keys()) if (!records.has(id)) serverBreakers.delete(id);
    for (const [id, was] of before) {
      const now = records.get(id);
      if (now === undefined || !isSameServer(now, was)) testedTools.delete(id);
    }
    for (const record of enabled) if (isolationOf(record) === 'shared') obtain(record, null, undefined).slot.warm();
    for (const record of [...before.values(), ...records.values()]) {
      const [old, now] = [before.get(record.id), records.get(record.id)];
      if (
        (old === undefined || now === undefined || !isSameServer(old, now) || old.definitions !== now.definitions) &&
        (old === record || old === undefined)
      ) {
        tell(record, null, { kind: 'list_changed', list: 'all' });
        if (now !== undefined && now.name !== record.name) tell(now, null, { kind: 'list_changed', list: 'all' });
      }
    }
  }

  const endVault = vault.onChange(({ workspaceId, name }) => {
    for (const { record, slot } of places.values()) {
      if (record.workspaceId === workspaceId && secretNamesOf(record).has(name)) slot.renew();
    }
  });
  const endAccounts = options.accounts.onChange(({ serverId, owner }) => {
    for (const { record, userKey, slot } of places.values()) {
      if (record.id === serverId && record.account !== null && ownerFor(record, userKey) === owner) slot.renew();
    }
  });
  sweep();

  return {
    workspaces: () => [...enabledByWorkspace.keys()],
    servers: (workspaceId) => enabledByWorkspace.get(workspaceId) ?? [],
    acquire(server, requester) {
      const record = records.get(server.id);
      if (record === undefined || !record.enabled || isClosed) {
        return Promise.reject(new GateError('not_found', `server ${server.name} is not registered or not enabled`));
      }
      return obtain(record, placeOf(record, requester), requester).slot.acquire();
    },
    facts: (server, requester) =>
      places.get(keyOf(server, placeOf(server, requester)))?.slot.facts ??
      factsForOthers(server, lastFacts.get(server.id)),
    notify(sessionKey, method, paramsText, server) {
      for (const { record, name, slot } of places.values()) {
        if (isolationOf(record) !== 'per-session' || name !== sessionKey) continue;
        if (server !== undefined && record.name !== server) continue;
        void slot.connection?.session.notify(method, paramsText);
      }
    },
    release(sessionKey) {
      for (const [key, place] of places) {
        if (isolationOf(place.record) === 'per-session' && place.name === sessionKey) void leave(key, place, 0);
      }
    },
    status(workspaceId) {
      return [...records.values()]
        .filter((record) => record.workspaceId === workspaceId)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((record) =>
          statusOf(
            record,
            [...places.values()].filter((place) => place.record.id === record.id).map((place) => place.slot),
            serverBreakers.get(record.id),
            {
              nowMs: clock.now(),
              isRoot: options.isRoot,
              limits: deps.limits,
              isolator: deps.isolation(),
              tested: testedTools.get(record.id),
            },
          ),
        );
    },
    knownTools: ({ id }) =>
      [...places.values()].find(({ record, slot }) => record.id === id && slot.tools !== undefined)?.slot.tools ??
      testedTools.get(id),
    processIsolation: async () => (await deps.isolator()).kind,
    async test(server, { userKey = null, tried, limitMs, owner = ownerFor(server, userKey), keys } = {}) {
      const homeName = `test-${randomUUID()}`;
      const report = await testServer(deps, {
        ...{ record: server, homeName, owner, userId: personOf(userKey ?? owner ?? null), tried, keys, limitMs },
      });
      // The test has shown what the server offers now, so the live connections read their lists again too.
      if (tried === undefined && keys === undefined) await refresh(server);
      if (report.tools !== null && records.has(server.id)) testedTools.set(server.id, report.tools);
      return report;
    },
    refresh,
    async callsEnded(workspaceId, secret, limitMs) {
      const slots = [...places.values()].filter(
        ({ record }) => record.workspaceId === workspaceId && secretNamesOf(record).has(secret),
      );
      let cancel: () => void = () => undefined;
      const longEnough = new Promise<void>((resolve) => (cancel = clock.after(limitMs, resolve)));
      await Promise.race([Promise.all(slots.map(({ slot }) => slot.retiredDrained())), longEnough]);
      cancel();
      return slots.reduce((sum, { slot }) => sum + slot.retiredPending, 0);
    },
    reload() {
      // In order: an older answer of the store must not win over a newer one.
      reloading = reloading.catch(() => undefined).then(reload);
      return reloading;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onRenamed(listener) {
      renameListeners.add(listener);
      return () => renameListeners.delete(listener);
    },
    async close() {
      isClosed = true;
      endVault();
      endAccounts();
      cancelSweep();
      for (const [key, place] of places) void leave(key, place, 0);
      await Promise.allSettled(leaving);
    },
  };
}

/**
 * What a server said of itself on somebody else's connection. Where it knows who asks, by an account or because it is told, its instructions may
 * be meant for that person, and are left out.
 */
function factsForOthers(record: ServerRecord, facts: ServerFacts | undefined): ServerFacts | undefined {
  const knowsWho = record.account !== null || identityHeaderOf(record.transport) !== undefined;
  return facts === undefined || !knowsWho ? facts : { ...facts, instructions: null };
}

/** The id of the person; undefined: nobody is named, or a grant without a person. */
function personOf(userKey: string | null): string | undefined {
  return userKey?.startsWith('user:') === true ? userKey.slice('user:'.length) : undefined;
}

/** The longest that `refresh` waits for the lists. */
const REFRESH_WAIT_MS = 5_000;
/** For so long the place of a person whose connection was stopped is kept; after that their lists are read anew. */
const FORGET_MS = 6 * 3_600_000;
