// The log as a stream of lines: the last records and then each new one, of every broker of the database. It is read from the store as fast as its
// reader takes it, so that nothing waits in memory, and each line can say its place: whoever was cut off goes on behind it.
import type { FollowedLine, TailLine } from 'mcpgate-shared/api/audit';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import { createLogFollower, placesText, type FollowedRecord, type LogPlaces } from '../../audit/follow-log.ts';
import type { Store } from '../../store/store.ts';
import { BEGUN, type Caller } from '../operation.ts';
import type { ReadLog } from './audit-reads.ts';

/** Of each chain, at a time. */
const ROWS_AT_ONCE = 500;
/** Records that come within this time are read together. */
const GATHER_MS = 50;
/** How often the log is looked at for what other brokers have written. */
const LOOK_MS = 1_000;
/** After so many looks without a record the stream says that it still lives. */
const SILENT_LOOKS = 15;

export interface TailAsked {
  /** How many of the past come first; none do where `after` is given. */
  lines: number;
  follow: boolean;
  wantsPlaces: boolean;
  after: string | undefined;
}

export type Tail = (
  caller: Caller,
  asked: TailAsked,
  signal: AbortSignal,
) => AsyncGenerator<FollowedLine | typeof BEGUN>;

/** The stream throws `gone` where the log no longer knows the place that it is to go on behind. */
export function createTail({
  audit,
  store,
  clock,
  reads,
}: {
  audit: Pick<Audit, 'flush' | 'searchCalls' | 'searchEvents' | 'onRecord'>;
  store: { audit: Pick<Store['audit'], 'ends' | 'chain'> };
  clock: Clock;
  reads: ReadLog;
}): Tail {
  const log = createLogFollower({ store });

  async function past(workspaceId: string, lines: number): Promise<TailLine[]> {
    if (lines === 0) return [];
    const search = { workspaceId, limit: lines };
    const [calls, events] = await Promise.all([audit.searchCalls(search), audit.searchEvents(search)]);
    const all: TailLine[] = [
      ...calls.map((record) => ({ kind: 'call' as const, record })),
      ...events.map((record) => ({ kind: 'event' as const, record })),
    ];
    return all.toSorted((a, b) => a.record.ts.localeCompare(b.record.ts) || a.record.seq - b.record.seq).slice(-lines);
  }

  async function begin(after: string | undefined): Promise<LogPlaces> {
    if (after === undefined) return await log.end();
    const places = await log.resume(after);
    if (places !== undefined) return places;
    throw new GateError('gone', 'the log has no such place; a database that was restored has another log');
  }

  /** What stands between two places, each record with the place behind it. */
  async function* between(from: LogPlaces, to: LogPlaces): AsyncGenerator<{ told: FollowedRecord; behind: LogPlaces }> {
    let at = from;
    for (;;) {
      const step = new Map([...to].map(([chain, seq]) => [chain, Math.min(seq, (at.get(chain) ?? -1) + ROWS_AT_ONCE)]));
      const { records, places } = await log.read(at, ROWS_AT_ONCE, step);
      for (const { told, places: behind } of records) yield { told, behind };
      at = places;
      if ([...step].every(([chain, seq]) => seq === to.get(chain))) return;
    }
  }

  return async function* tail(caller, { lines, follow, wantsPlaces, after }, signal) {
    const { workspaceId } = caller;
    const bell = createBell(signal);
    let stopLooking = (): void => undefined;
    let stopGathering: (() => void) | undefined;
    let looks = 0;
    const look = (): void => {
      stopLooking = clock.after(LOOK_MS, look);
      looks += 1;
      bell.ring();
    };
    const stopHearing = audit.onRecord(({ record }) => {
      if (record.workspace_id !== workspaceId) return;
      stopGathering ??= clock.after(GATHER_MS, () => {
        stopGathering = undefined;
        bell.ring();
      });
    });
    try {
      let places = await begin(after);
      await audit.flush();
      const told = (line: TailLine, behind: LogPlaces): FollowedLine =>
        wantsPlaces ? { ...line, place: placesText(behind, clock.now()) } : line;
      const here = (): FollowedLine => ({ kind: 'place', place: placesText(places, clock.now()) });

      const shown = after === undefined ? await past(workspaceId, lines) : [];
      // Whoever follows the log is not told that they do: of what is read next, what stands behind `before` may be that.
      const before = follow ? await log.end() : places;
      await reads.note(caller, follow ? 'audit.followed' : 'audit.searched', { what: 'records' });
      const own = ({ kind, record }: TailLine): boolean =>
        kind === 'event' && record.type.startsWith('audit.') && record.actor === caller.actor.name;
      // A call that is still under way is sent again once it has its outcome.
      const seen = new Set(
        shown.filter((line) => line.kind === 'event' || line.record.latency_ms !== null).map(({ record }) => record.id),
      );
      yield wantsPlaces ? here() : BEGUN;
      yield* shown;
      if (!follow) return;

      async function* upTo(to: LogPlaces, hides: (line: TailLine) => boolean): AsyncGenerator<FollowedLine> {
        for await (const { told: line, behind } of between(places, to)) {
          if (signal.aborted) return;
          if (line.record.workspace_id !== workspaceId || seen.delete(line.record.id) || hides(line)) continue;
          looks = 0;
          yield told(line, behind);
        }
        places = to;
      }
      yield* upTo(before, () => false);
      await audit.flush();
      yield* upTo(await log.end(), own);
      look();
      while (!signal.aborted) {
        yield* upTo(await log.end(), () => false);
        if (wantsPlaces && looks >= SILENT_LOOKS) {
          looks = 0;
          yield here();
        }
        await bell.rung();
      }
    } finally {
      stopHearing();
      stopLooking();
      stopGathering?.();
    }
  };
}

/** Is rung while nobody listens, too; the next who listens then does not wait. It rings for ever once the signal is aborted. */
function createBell(signal: AbortSignal): { ring(): void; rung(): Promise<void> } {
  let isRung = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    isRung = true;
    wake();
  };
  signal.addEventListener('abort', ring);
  return {
    ring,
    async rung() {
      if (!isRung && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      isRung = false;
    },
  };
}
