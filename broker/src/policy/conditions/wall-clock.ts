// Times as conditions read and ask for them, the same on every broker: what the library does of this goes by the zone of the host that it runs on.
import { parseIsoTime } from 'mcpgate-shared/iso-time';

/** Between the years 1 and 9999. */
const LEAST_MS = -62_135_596_800_000;
const MOST_MS = 253_402_300_799_999;

/** A time in full with its zone (RFC 3339); undefined: it is none, such as one of February 30. */
export function timeOf(text: string): Date | undefined {
  const isWhole =
    /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
  return isWhole.test(text) ? dateOf(parseIsoTime(text.toUpperCase())) : undefined;
}

/** `seconds` since 1970. */
export const timeOfSeconds = (seconds: bigint): Date | undefined => dateOf(Number(seconds) * 1000);

function dateOf(ms: number | undefined): Date | undefined {
  return ms !== undefined && ms >= LEAST_MS && ms <= MOST_MS ? new Date(ms) : undefined;
}

/** Parts of the time on the clocks of a zone, as CEL counts them: months, days of the month and of the year from 0, Sunday is 0. */
export const PARTS: Readonly<Record<string, (wall: Date) => number>> = {
  getFullYear: (wall) => wall.getUTCFullYear(),
  getMonth: (wall) => wall.getUTCMonth(),
  getDate: (wall) => wall.getUTCDate(),
  getDayOfMonth: (wall) => wall.getUTCDate() - 1,
  getDayOfWeek: (wall) => wall.getUTCDay(),
  getDayOfYear: (wall) => Math.floor((wall.getTime() - new Date(wall).setUTCMonth(0, 1)) / 86_400_000),
  getHours: (wall) => wall.getUTCHours(),
  getMinutes: (wall) => wall.getUTCMinutes(),
  getSeconds: (wall) => wall.getUTCSeconds(),
  getMilliseconds: (wall) => wall.getUTCMilliseconds(),
};

/** To make one takes longer than to ask it. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const MAX_CLOCKS = 1_000;

/** A date whose parts in UTC are those that clocks of the zone show. Undefined: there is no such zone. */
export function wallClock(time: Date, zone: string): Date | undefined {
  const clock = clockOf(zone);
  if (clock === undefined) return undefined;
  const shown = new Map(clock.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0;
  const wall = new Date(0);
  wall.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  wall.setUTCHours(part('hour'), part('minute'), part('second'), time.getUTCMilliseconds());
  return wall;
}

function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const shown = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  try {
    const made = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', second: 'numeric', ...shown });
    if (clocks.size >= MAX_CLOCKS) clocks.clear();
    clocks.set(timeZone, made);
    return made;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
