// Figures of the last hours, counted as calls end: what they cost does not grow with the log, and nobody who looks at them makes it read. They are
// this broker's alone, and begin again with it.
import { ACTIVITY_HOURS, type Activity } from 'mcpgate-shared/api/dashboard/activity';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { CallRecord } from '../../domain/call-record.ts';
import { isoTime } from '../iso-time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes of everything, and steps of servers; tools have the last hour alone, because there may be thousands. */
const KEPT_MS = ACTIVITY_HOURS * HOUR_MS;
/** Servers and tools are counted in longer steps than the minutes of everything. */
const STEP_MS = 10 * MINUTE_MS;
/** Servers and tools of all workspaces. Beyond it the one that was seen first is forgotten: callers must not fill the memory. */
const MOST_THINGS = 3_000;
/** Latencies are kept by their order of magnitude: each bucket ends at √2 of the one before, from 1 ms on. */
const BUCKETS = 36;

interface Counts {
  calls: number;
  tool_errors: number;
  failed: number;
  denied: number;
}

/** Counts of a step of time. */
interface Slot extends Counts {
  startedAt: number;
  buckets: Uint32Array | undefined;
}

interface Thing {
  workspaceId: string;
  server: string;
  /** Undefined: the server as a whole. */
  tool: string | undefined;
  slots: Slot[];
  lastAt: number;
}

export interface RecentActivity {
  of(workspaceId: string, asked?: { server?: string | undefined; hours?: number }): Activity;
  close(): void;
}

const keyOf = (workspaceId: string, server: string, tool: string | null | undefined): string =>
  JSON.stringify([workspaceId, server, tool]);

const none = (): Counts => ({ calls: 0, tool_errors: 0, failed: 0, denied: 0 });

function add(counts: Counts, { decision, status }: Pick<CallRecord, 'decision' | 'status'>): void {
  counts.calls += 1;
  if (decision === 'deny' || status === 'denied') counts.denied += 1;
  else if (status === 'tool_error') counts.tool_errors += 1;
  else if (status !== 'ok' && status !== 'cancelled') counts.failed += 1;
}

const bucketOf = (ms: number): number => Math.max(0, Math.min(BUCKETS - 1, Math.floor(2 * Math.log2(Math.max(1, ms)))));

/** The latency below which `share` of all lie, as the middle of its bucket. */
function percentile(buckets: Uint32Array, share: number): number | null {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of buckets.entries()) {
    below += count;
    if (count > 0 && below >= all * share) return Math.round(2 ** ((bucket + 0.5) / 2));
  }
  return null;
}

/** The slot of `now`; those that are older than is kept go. */
function slotAt(slots: Slot[], now: number, stepMs: number, keptMs: number): Slot {
  const startedAt = Math.floor(now / stepMs) * stepMs;
  const last = slots.at(-1);
  // A clock that was set back counts on in the last one.
  if (last !== undefined && last.startedAt >= startedAt) return last;
  const slot = { startedAt, ...none(), buckets: undefined };
  slots.push(slot);
  while (slots[0] !== undefined && slots[0].startedAt < now - keptMs) slots.shift();
  return slot;
}

function sumOf({ slots, lastAt }: Thing, now: number) {
  const counts = none();
  const buckets = new Uint32Array(BUCKETS);
  for (const slot of slots.filter(({ startedAt }) => startedAt >= now - HOUR_MS)) {
    for (const name of ['calls', 'tool_errors', 'failed', 'denied'] as const) counts[name] += slot[name];
    for (const [bucket, count] of slot.buckets?.entries() ?? []) buckets[bucket] = (buckets[bucket] ?? 0) + count;
  }
  return { ...counts, p50_ms: percentile(buckets, 0.5), p95_ms: percentile(buckets, 0.95), last_at: isoTime(lastAt) };
}

/** Every step from `since` on, those without a call with zeros. */
function historyOf(slots: readonly Slot[], since: number, now: number): Activity['history'] {
  const byStart = new Map(slots.map((slot) => [slot.startedAt, slot]));
  return startsOf(since, now, STEP_MS).map((at) => {
    const { calls, tool_errors, failed, denied, buckets = new Uint32Array() } = byStart.get(at) ?? EMPTY;
    const took = { p50_ms: percentile(buckets, 0.5), p95_ms: percentile(buckets, 0.95) };
    return { at: isoTime(at), calls, tool_errors, failed, denied, ...took };
  });
}

const EMPTY: Pick<Slot, keyof Counts | 'buckets'> = { ...none(), buckets: undefined };

/** The beginnings of all steps from the one of `since` to the one of `now`. */
function startsOf(since: number, now: number, stepMs: number): number[] {
  const first = Math.floor(since / stepMs) * stepMs;
  return Array.from({ length: Math.floor(now / stepMs) - first / stepMs + 1 }, (_, index) => first + index * stepMs);
}

/** `isServer`: whether a workspace has a server of this name now; what callers make up is counted in the minutes alone. */
export function createRecentActivity(options: {
  audit: Pick<Audit, 'onRecord'>;
  isServer: (workspaceId: string, name: string) => boolean;
  clock: Pick<Clock, 'now'>;
}): RecentActivity {
  const { audit, isServer, clock } = options;
  const startedAt = clock.now();
  const minutes = new Map<string, Slot[]>();
  const things = new Map<string, Thing>();

  function thing(workspaceId: string, server: string, tool: string | undefined): Thing {
    const key = keyOf(workspaceId, server, tool);
    const known = things.get(key);
    if (known !== undefined) return known;
    const [first] = things.keys();
    if (things.size >= MOST_THINGS && first !== undefined) things.delete(first);
    const made = { workspaceId, server, tool, slots: [], lastAt: 0 };
    things.set(key, made);
    return made;
  }

  function count(record: CallRecord): void {
    const now = clock.now();
    const { workspace_id: workspaceId, server, method, tool_name: name, upstream_ms: upstreamMs } = record;
    const slots = minutes.get(workspaceId) ?? [];
    minutes.set(workspaceId, slots);
    add(slotAt(slots, now, MINUTE_MS, KEPT_MS), record);
    if (!isServer(workspaceId, server)) return;
    const isTool = method === 'tools/call' && name !== null;
    // A tool that was never reached may be a name that somebody made up.
    const isReached = upstreamMs !== null || things.has(keyOf(workspaceId, server, name));
    for (const each of [undefined, ...(isTool && isReached ? [name] : [])]) {
      const counted = thing(workspaceId, server, each);
      counted.lastAt = now;
      const slot = slotAt(counted.slots, now, STEP_MS, each === undefined ? KEPT_MS : HOUR_MS);
      add(slot, record);
      if (upstreamMs === null) continue;
      slot.buckets ??= new Uint32Array(BUCKETS);
      const bucket = bucketOf(upstreamMs);
      slot.buckets[bucket] = (slot.buckets[bucket] ?? 0) + 1;
    }
  }

  const close = audit.onRecord((line) => {
    if (line.kind === 'call') count(line.record);
  });

  return {
    of(workspaceId, { server, hours = 1 } = {}) {
      const now = clock.now();
      const since = Math.max(startedAt, now - hours * HOUR_MS);
      const bySlot = new Map((minutes.get(workspaceId) ?? []).map((slot) => [slot.startedAt, slot]));
      const named = [...things.values()]
        .filter((each) => each.workspaceId === workspaceId && each.lastAt >= now - HOUR_MS)
        .map((each) => ({ ...each, sum: sumOf(each, now) }))
        .toSorted((one, other) => other.sum.calls - one.sum.calls);
      return {
        since: isoTime(since),
        minutes: startsOf(since, now, MINUTE_MS).map((at) => {
          const { calls, tool_errors, failed, denied } = bySlot.get(at) ?? none();
          return { at: isoTime(at), calls, tool_errors, failed, denied };
        }),
        servers: named
          .filter((each) => each.tool === undefined && isServer(workspaceId, each.server))
          .map(({ server: name, sum }) => ({ name, ...sum })),
        tools: named.flatMap(({ server: of, tool: name, sum }) =>
          name === undefined || of !== server ? [] : [{ name, ...sum }],
        ),
        history:
          server === undefined || !isServer(workspaceId, server)
            ? []
            : historyOf(
                things.get(keyOf(workspaceId, server, undefined))?.slots ?? [],
                Math.max(startedAt, now - KEPT_MS),
                now,
              ),
      };
    },
    close,
  };
}
