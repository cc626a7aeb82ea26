// Dates and times as people write them.

const BEGINNING = /^(\d{4})-(\d\d)-(\d\d)/;

/**
 * Milliseconds since 1970 of a date or time in ISO 8601; undefined where `text` is none. A day that its month does not have is none, where `Date` makes
 * March 2 of February 30.
 */
export function parseIsoTime(text: string): number | undefined {
  const [, year, month, day] = (BEGINNING.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  const time = Date.parse(text);
  return Number.isNaN(time) || day > last.getUTCDate() ? undefined : time;
}
