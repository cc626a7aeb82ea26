// Keeps for a while what was sent on the event streams of one session, so that a client that lost its connection can resume a stream where it was
// (MCP 2025-11-25, transports, "Resumability and Redelivery"). The ids of events are `STREAM-NUMBER`.
import type { Clock } from 'mcpgate-shared/clock';

export interface LoggedEvent {
  id: string;
  parts: readonly Buffer[];
}

export interface EventLog {
  /** Keeps the event and gives it its id. */
  add(stream: number, parts: readonly Buffer[]): LoggedEvent;
  /** The stream that an event belongs to, and the later events of that stream; undefined where some of them are no longer kept. */
  after(eventId: string): { stream: number; events: readonly LoggedEvent[] } | undefined;
  readonly bytes: number;
  /** When the oldest kept event came, ms since the epoch; undefined where none is kept. */
  readonly oldestAt: number | undefined;
  /** Drops the oldest event; returns its size in bytes. */
  dropOldest(): number;
  /** Drops all events that are older than `keepMs`, also the newest one. */
  expire(): void;
}

const MAX_EVENTS = 1_000;
const MAX_BYTES = 16 * 1024 * 1024;

interface Kept extends LoggedEvent {
  stream: number;
  number: number;
  bytes: number;
  at: number;
}

/** `keepMs`: how long an event is kept, within a number and a size. The newest event is kept whatever its size. */
export function createEventLog(clock: Clock, keepMs: number): EventLog {
  let kept: Kept[] = [];
  let bytes = 0;
  let lastNumber = 0;
  /** The number of the last event that was dropped; those up to it may be missing. */
  let dropped = 0;

  function trim(): void {
    const oldest = clock.now() - keepMs;
    let drop = 0;
    let left = bytes;
    for (const event of kept) {
      const isTooMuch = kept.length - drop > MAX_EVENTS || left > MAX_BYTES;
      if (drop === kept.length - 1 || (!isTooMuch && event.at >= oldest)) break;
      left -= event.bytes;
      dropped = event.number;
      drop++;
    }
    bytes = left;
    if (drop > 0) kept = kept.slice(drop);
  }

  function dropOldest(): number {
    const [oldest, ...rest] = kept;
    if (oldest === undefined) return 0;
    kept = rest;
    bytes -= oldest.bytes;
    dropped = oldest.number;
    return oldest.bytes;
  }

  return {
    dropOldest,
    get oldestAt() {
      return kept[0]?.at;
    },
    expire() {
      trim();
      const [last, ...more] = kept;
      if (last !== undefined && more.length === 0 && last.at < clock.now() - keepMs) dropOldest();
    },
    add(stream, parts) {
      const number = ++lastNumber;
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      const event: Kept = { id: `${stream}-${number}`, parts, stream, number, bytes: size, at: clock.now() };
      kept.push(event);
      bytes += size;
      trim();
      return event;
    },
    after(eventId) {
      const [, stream, number] = /^(\d{1,12})-(\d{1,15})$/.exec(eventId) ?? [];
      if (stream === undefined || Number(number) < dropped || Number(number) > lastNumber) return undefined;
      const events = kept.filter((event) => event.stream === Number(stream) && event.number > Number(number));
      return { stream: Number(stream), events };
    },
    get bytes() {
      return bytes;
    },
  };
}
