// How the administration writes a time of the database (ms since the epoch) in its answers; for the operations beside it.

/** A time in ms since the epoch, as the API writes times: ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
