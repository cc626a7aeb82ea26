// Deliveries over the store: of several brokers the one with the lease of a queue works on it, and the next takes it over when that one is gone.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../store/store.ts';
import { pauseMs } from './back-off.ts';
import type { Attempt, Attempted, Deliveries, Delivery } from './deliveries.ts';

export interface DeliveriesOptions {
  store: Pick<Store, 'deliveries'>;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** Of this run of the broker, and where it runs, for people to read. */
  holder: string;
  location: string;
  /** From 0 to 1. */
  random?: () => number;
  bounds?: { mostItems: number; mostBytes: number; mostAgeMs: number };
}

const LOOK_MS = 1_000;
/** One attempt, and how long a queue is this broker's without a sign of life: several attempts. */
const ATTEMPT_MS = 10_000;
const LEASE_MS = 30_000;
/** How many destinations are delivered to at the same time. */
const MOST_AT_ONCE = 16;
const DAY_MS = 86_400_000;
const BOUNDS = { mostItems: 10_000, mostBytes: 16 * 1024 * 1024, mostAgeMs: 3 * DAY_MS };
/** For how long an id that has arrived is remembered. */
const REMEMBERED_MS = 8 * DAY_MS;
const SWEEP_MS = 3_600_000;

export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { store, audit, clock, log, holder, location, random = Math.random, bounds = BOUNDS } = options;
  const kinds = new Map<string, { attempt: Attempt; mostBytes?: number }>();
  const underWay = new Map<string, Promise<void>>();
  const listeners = new Set<(destination: string) => void>();
  const ending = new AbortController();
  let cancelLook: (() => void) | undefined;
  let isStarted = false;
  let sweptAt = 0;

  async function lost(workspaceId: string, destination: string, count: number, why: string): Promise<void> {
    const data = { count, why };
    const facts = { workspace_id: workspaceId, type: 'delivery.lost', actor: 'broker', address: null, data };
    await audit.event({ ...facts, subject: destination });
  }

  async function tryOnce(delivery: Delivery): Promise<Attempted> {
    const attempt = kinds.get(kindOf(delivery.destination))?.attempt;
    if (attempt === undefined) return { kind: 'again', why: 'nothing delivers to it in this broker' };
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(ATTEMPT_MS)]);
    try {
      return await attempt(delivery, signal);
    } catch (error) {
      return { kind: 'again', why: toGateError(error).message };
    }
  }

  /** Works on a queue until it is empty, does not go on, or is another broker's. */
  async function work(destination: string): Promise<void> {
    for (let isFirst = true; !ending.signal.aborted; isFirst = false) {
      const now = clock.now();
      const tried = await store.deliveries.lease(destination, { holder, location, now, until: now + LEASE_MS });
      if (tried === undefined) return;
      const item = await store.deliveries.first(destination);
      if (item === undefined) break;
      if (isFirst) await trim(item.workspaceId, destination);
      const next = isFirst ? await store.deliveries.first(destination) : item;
      if (next === undefined) break;
      const attempted = await tryOnce({ ...next, attempt: tried + 1 });
      if (attempted.kind === 'again') {
        const at = clock.now() + pauseMs(tried, attempted.retryAfterMs, random());
        await store.deliveries.failed(destination, holder, { at, error: attempted.why.slice(0, 500) });
        return tellMoved(destination);
      }
      if (attempted.kind === 'never') await lost(next.workspaceId, destination, 1, attempted.why);
      const at = { holder, now: clock.now(), arrived: attempted.kind === 'arrived' };
      if (!(await store.deliveries.done(destination, next.id, at))) return;
      tellMoved(destination);
    }
    await store.deliveries.release(destination, holder);
  }

  function tellMoved(destination: string): void {
    for (const listener of listeners) listener(destination);
  }

  async function trim(workspaceId: string, destination: string): Promise<void> {
    const { mostItems, mostBytes, mostAgeMs } = { ...bounds, ...kinds.get(kindOf(destination)) };
    const count = await store.deliveries.trim(destination, { mostItems, mostBytes, oldest: clock.now() - mostAgeMs });
    if (count > 0) await lost(workspaceId, destination, count, 'too many, too much or too old');
  }

  async function deliverDue(): Promise<void> {
    if (clock.now() - sweptAt > SWEEP_MS) {
      sweptAt = clock.now();
      await store.deliveries.sweep(sweptAt - REMEMBERED_MS);
    }
    for (const destination of await store.deliveries.due(clock.now())) {
      if (underWay.size >= MOST_AT_ONCE) break;
      if (underWay.has(destination) || !kinds.has(kindOf(destination))) continue;
      const working = work(destination)
        .catch((error: unknown) =>
          log.warn({ err: error, destination }, 'a queue of deliveries could not be worked on'),
        )
        .finally(() => underWay.delete(destination));
      underWay.set(destination, working);
    }
    await Promise.all(underWay.values());
  }

  function look(): void {
    if (!isStarted || ending.signal.aborted) return;
    cancelLook?.();
    cancelLook = clock.after(LOOK_MS, look);
    // A destination that takes long holds no other: the next look finds those that are free.
    deliverDue().catch((error: unknown) => log.warn({ err: error }, 'deliveries could not be looked for'));
  }

  return {
    async put(item) {
      const isNew = await store.deliveries.put({ ...item, createdAt: clock.now() });
      if (!isNew) return;
      await trim(item.workspaceId, item.destination);
      look();
    },
    take: (kind, attempt, room) => void kinds.set(kind, { attempt, ...room }),
    queues: (workspaceId) => store.deliveries.states(workspaceId),
    async tryNow(destination) {
      await store.deliveries.tryNow(destination);
      look();
    },
    forget: (destination) => store.deliveries.forget(destination),
    onMoved(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      isStarted = true;
      look();
    },
    deliverDue,
    async close() {
      ending.abort();
      cancelLook?.();
      await Promise.all(underWay.values());
    },
  };
}

const kindOf = (destination: string): string => destination.slice(0, Math.max(0, destination.indexOf(':')));
