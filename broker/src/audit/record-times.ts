// The times that an id says itself: the records of a log are found by them.

const MS_DIGITS = 12;

/** The millisecond that the id begins with, cut to the times that are searched already. `id` may be a beginning of one. */
export function idSpan(
  id: string,
  { since = 0, until = Number.MAX_SAFE_INTEGER }: { since?: number; until?: number },
): { since: number; until: number } {
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, MS_DIGITS), 16);
  return { since: Math.max(since, ms), until: Math.min(until, ms + 1) };
}
