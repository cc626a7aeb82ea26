// Sends the audit log to the receivers that hooks of the kind `log` name. The log is the queue: a feed knows how far its receiver has had each chain, and
// goes on there, whatever was away meanwhile. What was taken, and not written down as taken because this broker was killed, is sent again.
import type { Clock } from 'mcpgate-shared/clock';
import { pauseMs } from '../../deliveries/back-off.ts';
import { type LogHook, logDestination } from '../../domain/hook.ts';
import type { Log } from '../../domain/log.ts';
import { timeOf } from '../../domain/record-id.ts';
import type { FeedState } from '../../store/repositories/log-feeds.ts';
import type { AuditRow } from '../../store/audit/row.ts';
import type { Store } from '../../store/store.ts';
import { entriesOf, type LogEntry, wantsOf } from './log-records.ts';
import type { EntrySender, Sent } from './send-entries.ts';

export interface FeedView extends FeedState {
  /** How many rows of the log it has not had, of whatever workspace and kind; and when the first of them was written. */
  rows: number;
  oldestAt: number | null;
}

export interface LogFeeds {
  /** How the feed of a hook stands; undefined: there is none. */
  state(workspaceId: string, name: string): Promise<FeedView | undefined>;
  /** All of them. */
  states(): Promise<FeedView[]>;
  /** `listener` hears of each feed that has sent something here, or has tried in vain. Returns what ends that. */
  onMoved(listener: (destination: string) => void): () => void;
  /** Begins to send. */
  start(): void;
  /** Sends what there is, once; resolves when nothing is left that this broker can do now. */
  sendDue(): Promise<void>;
  close(): Promise<void>;
}

export interface LogFeedsOptions {
  store: Pick<Store, 'hooks' | 'workspaces' | 'audit' | 'logFeeds'>;
  sender: Pick<EntrySender, 'send'>;
  clock: Clock;
  log: Pick<Log, 'warn' | 'info'>;
  /** Of this run of the broker, and where it runs, for people to read. */
  holder: string;
  location: string;
  /** From 0 to 1. */
  random?: () => number;
}

const LOOK_MS = 1_000;
const LEASE_MS = 30_000;
/** So many rows are looked at for one message, and so many bytes of entries are in it, one entry at least. */
const ROWS = 500;
const MOST_BYTES = 256 * 1024;

export function createLogFeeds(options: LogFeedsOptions): LogFeeds {
  const { store, sender, clock, log, holder, location, random = Math.random } = options;
  const underWay = new Map<string, Promise<void>>();
  const listeners = new Set<(destination: string) => void>();
  /** Those that took nothing when this broker last tried. */
  const away = new Set<string>();
  const ending = new AbortController();
  let cancelLook: (() => void) | undefined;

  async function intentAt({ chain, seq }: { chain: string; seq: number }): Promise<AuditRow | undefined> {
    const [row] = await store.audit.chain(chain, seq, 1);
    return row?.seq === seq ? row : undefined;
  }

  async function send(workspaceId: string, hook: LogHook, entries: readonly LogEntry[]): Promise<Sent> {
    if (entries.length === 0) return { kind: 'arrived' };
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(hook.timeoutMs)]);
    return await sender.send(workspaceId, hook, entries, signal);
  }

  /** Sends what a chain has after `seq`. True: there may be more. False: the feed does not go on, or is another broker's. */
  async function sendChain(workspaceId: string, hook: LogHook, from: { chain: string; seq: number }, tried: number) {
    const destination = logDestination(workspaceId, hook.name);
    const rows = await store.audit.chain(from.chain, from.seq + 1, ROWS);
    const last = rows.at(-1);
    if (last === undefined) return true;
    const here = new Map(rows.map((row) => [`${row.chain}:${row.seq}`, row]));
    const entries = await entriesOf(rows, { workspaceId, wants: wantsOf(hook.what) }, async (place) => {
      return here.get(`${place.chain}:${place.seq}`) ?? (await intentAt(place));
    });
    const had = (chain: string, seq: number, arrivedAt?: number) =>
      store.logFeeds.advance(destination, { holder, until: clock.now() + LEASE_MS, arrivedAt }, { chain, seq });
    const batches = inMessages(entries);
    for (const [index, batch] of batches.entries()) {
      const sent = await send(workspaceId, hook, batch);
      if (sent.kind === 'again') {
        if (!away.has(destination) && !ending.signal.aborted) {
          away.add(destination);
          log.warn({ destination, why: sent.why }, 'a receiver of the log takes nothing');
        }
        const at = clock.now() + pauseMs(tried, sent.retryAfterMs, random());
        await store.logFeeds.failed(destination, holder, { at, error: sent.why.slice(0, 500) });
        return false;
      }
      if (batch.length > 0 && away.delete(destination)) log.info({ destination }, 'a receiver takes the log again');
      if (sent.refused !== undefined)
        log.warn({ destination, why: sent.refused }, 'a receiver does not take what it was sent');
      const upTo = index === batches.length - 1 ? last.seq : Number(batch.at(-1)?.id.split(':').at(-1));
      const arrivedAt = sent.refused === undefined ? clock.now() : undefined;
      if (!(await had(from.chain, upTo, arrivedAt))) return false;
    }
    return batches.length > 0 || (await had(from.chain, last.seq));
  }

  async function work(workspaceId: string, hook: LogHook): Promise<void> {
    const destination = logDestination(workspaceId, hook.name);
    while (!ending.signal.aborted) {
      const now = clock.now();
      const chains = await store.logFeeds.behind(destination);
      const [next] = chains;
      if (next === undefined) return;
      const tried = await store.logFeeds.lease(destination, { holder, location, now, until: now + LEASE_MS });
      if (tried === undefined) return;
      // The places are read anew under the lease: another broker may have moved them on before.
      for (const from of await store.logFeeds.behind(destination))
        if (!(await sendChain(workspaceId, hook, from, tried))) return tellMoved(destination);
      await store.logFeeds.release(destination, holder);
      tellMoved(destination);
    }
  }

  function tellMoved(destination: string): void {
    for (const listener of listeners) listener(destination);
  }

  async function sendDue(): Promise<void> {
    for (const { name: workspaceId } of await store.workspaces.list())
      for (const hook of await store.hooks.list(workspaceId)) {
        const destination = logDestination(workspaceId, hook.name);
        if (hook.kind !== 'log' || !hook.enabled || underWay.has(destination)) continue;
        const working = work(workspaceId, hook)
          .catch((error: unknown) => log.warn({ err: error, destination }, 'the audit log could not be sent on'))
          .finally(() => underWay.delete(destination));
        underWay.set(destination, working);
      }
    await Promise.all(underWay.values());
  }

  function look(): void {
    if (ending.signal.aborted) return;
    cancelLook?.();
    cancelLook = clock.after(LOOK_MS, look);
    sendDue().catch((error: unknown) => log.warn({ err: error }, 'receivers of the audit log could not be looked for'));
  }

  async function viewOf(feed: FeedState): Promise<FeedView> {
    const chains = await store.logFeeds.behind(feed.destination);
    const rows = chains.reduce((sum, { rows: of }) => sum + of, 0);
    const firsts = await Promise.all(chains.map(({ chain, seq }) => store.audit.chain(chain, seq + 1, 1)));
    const times = firsts.flat().map(({ at }) => timeOf(at));
    return { ...feed, rows, oldestAt: times.length === 0 ? null : Math.min(...times) };
  }

  return {
    async state(workspaceId, name) {
      const feeds = await store.logFeeds.states(workspaceId);
      const feed = feeds.find(({ destination }) => destination === logDestination(workspaceId, name));
      return feed && (await viewOf(feed));
    },
    states: async () => await Promise.all((await store.logFeeds.states()).map(viewOf)),
    onMoved(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start: look,
    sendDue,
    async close() {
      ending.abort();
      cancelLook?.();
      await Promise.all(underWay.values());
    },
  };
}

function inMessages(entries: readonly LogEntry[]): LogEntry[][] {
  const messages: LogEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const size = JSON.stringify(entry).length;
    if (bytes + size > MOST_BYTES) {
      messages.push([]);
      bytes = 0;
    }
    messages.at(-1)?.push(entry);
    bytes += size;
  }
  return messages;
}
