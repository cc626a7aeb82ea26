// Reads the values of flags.
import { GateError } from 'mcpgate-shared/error';
import { parseDurationMs } from 'mcpgate-shared/duration';
import { parseIsoTime } from 'mcpgate-shared/iso-time';

/** A list of words, however it is given: `--server a b`, `--server a,b` and `--server a --server b` mean the same. */
export function commaList(values: readonly string[] | undefined): string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** `KEY=VALUE` pairs; for headers `Name: value` too. Throws `usage` naming the flag, never the value. */
export function pairs(flag: string, values: readonly string[] | undefined, separator: RegExp): Record<string, string> {
  return Object.fromEntries(
    (values ?? []).map((value) => {
      const match = separator.exec(value);
      const key = match === null ? '' : value.slice(0, match.index).trim();
      if (match === null || key === '') throw new GateError('usage', `${flag}: write KEY=VALUE`);
      return [key, value.slice(match.index + match[0].length)];
    }),
  );
}

/** A time in the past, as ISO 8601: `1h` means an hour ago; else the text is a date or time in ISO 8601. Throws `usage`, naming the flag. */
export function pastTime(flag: string, text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined) return new Date(nowMs - ms).toISOString();
  const time = parseIsoTime(text);
  if (time === undefined)
    throw new GateError('usage', `${flag}: "${text}" is no time; write 1h, 2026-11-21 or 2026-11-21T08:00:00Z`);
  return new Date(time).toISOString();
}

/** `--since` and `--until`. Throws `usage` also where no time lies between them. */
export function pastRange(
  { since, until }: { since?: string | undefined; until?: string | undefined },
  nowMs: number,
): { since: string | undefined; until: string | undefined } {
  const range = { since: pastTime('--since', since, nowMs), until: pastTime('--until', until, nowMs) };
  if (range.since !== undefined && range.until !== undefined && range.since >= range.until) {
    const text = `--since ${since} is not before --until ${until}: no record is of such a time; did you mean them the other way round?`;
    throw new GateError('usage', text);
  }
  return range;
}

/** `90d` means in 90 days; else a date or time in ISO 8601. Throws `usage`, also for a time that has passed. */
export function futureTime(flag: string, text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  const time = ms === undefined ? parseIsoTime(text) : nowMs + ms;
  if (time === undefined)
    throw new GateError('usage', `${flag}: "${text}" is no time; write 90d, 2027-03-01 or 2027-03-01T08:00:00Z`);
  if (time <= nowMs) throw new GateError('usage', `${flag}: ${text} has passed already`);
  // To the second: nobody means more, and it stands in lists. The next whole one, so that it has not passed either.
  return new Date(Math.ceil(time / 1_000) * 1_000).toISOString();
}

/** A time as ISO 8601, from a date or a time in ISO 8601. Throws `usage`, naming the flag. */
export function anyTime(flag: string, text: string): string {
  const time = parseIsoTime(text);
  if (time === undefined)
    throw new GateError('usage', `${flag}: "${text}" is no time; write 2027-03-01 or 2027-03-01T08:00:00Z`);
  return new Date(time).toISOString();
}

/** A whole number of 1 or more. Throws `usage`, naming the flag. */
export function countFlag(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new GateError('usage', `${flag}: "${text}" is not a number from 1`);
  return count;
}
