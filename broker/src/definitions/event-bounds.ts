// Bounds what a server can write into the log by changing its definitions: servers change as often as they like, and each change is an event. Where
// a bound is passed the log says so once, so that nobody takes the silence after it for rest. What is held or served is not touched by this.
import type { Clock } from 'mcpgate-shared/clock';
import type { AuditEvent } from '../domain/call-record.ts';

const WINDOW_MS = 3_600_000;
/** How many events one thing of a server, and all of them together, cause in this time. */
const MOST_OF_A_THING = 8;
const MOST_OF_A_SERVER = 200;

export interface EventBounds {
  /** Those that are recorded; where a bound is passed, with one event that says so in place of the rest. */
  within(serverId: string, events: readonly AuditEvent[]): AuditEvent[];
}

interface Window {
  until: number;
  count: number;
  /** By subject. */
  things: Map<string, number>;
}

export function createEventBounds(clock: Pick<Clock, 'now'>): EventBounds {
  const windows = new Map<string, Window>();
  function windowOf(serverId: string): Window {
    const now = clock.now();
    const known = windows.get(serverId);
    if (known !== undefined && known.until > now) return known;
    for (const [id, { until }] of windows) if (until <= now) windows.delete(id);
    const made: Window = { until: now + WINDOW_MS, count: 0, things: new Map() };
    windows.set(serverId, made);
    return made;
  }
  return {
    within(serverId, events) {
      return events.flatMap((event) => {
        const window = windowOf(serverId);
        const subject = event.subject ?? '';
        const ofThing = (window.things.get(subject) ?? 0) + 1;
        if (window.count > MOST_OF_A_SERVER || ofThing > MOST_OF_A_THING + 1) return [];
        window.count++;
        window.things.set(subject, ofThing);
        const isLast = window.count > MOST_OF_A_SERVER;
        if (!isLast && ofThing <= MOST_OF_A_THING) return [event];
        const data = { changes: isLast ? window.count - 1 : ofThing - 1, until: new Date(window.until).toISOString() };
        return [{ ...event, type: 'tool.unsteady', ...(isLast && { subject: event.actor }), data }];
      });
    },
  };
}
