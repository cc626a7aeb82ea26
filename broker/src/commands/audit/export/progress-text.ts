// How far an export is.

/** As many as there are, and how many of this run came in a second. */
export function progress(lines: number, had: number, ms: number): string {
  const rate = ms < 1 ? '' : `, ${grouped(Math.round((lines - had) / (ms / 1_000)))} a second`;
  return `${grouped(lines)} lines${rate}`;
}

const grouped = (count: number): string => count.toLocaleString('en-US');
