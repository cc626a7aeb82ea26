// Tables for people: columns are as wide as their texts; where the terminal is narrower, the widest ones are cut with an ellipsis.
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded, shortened, textWidth } from 'mcpgate-shared/text-width';

const GAP = '  ';
const MIN_WIDTH = 6;

/**
 * `width`: of the terminal in characters; undefined: no bound (not a terminal). Cells lose their control characters, as they may come from
 * strangers.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const cells = [head, ...rows.map((row) => row.map(plainLine))];
  const natural = head.map((_name, column) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? '')), 0),
  );
  const widths = width === undefined ? natural : narrowed(natural, width - GAP.length * (natural.length - 1));
  const line = (row: readonly string[]): string => row.map((cell, column) => fit(cell, widths[column] ?? 0)).join(GAP);
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** The widths of columns in `room` characters. The widest columns are cut to the same width; the first one, which names the row, is cut last. */
function narrowed(natural: readonly number[], room: number): number[] {
  const [name = 0, ...others] = natural;
  const least = (widths: readonly number[]): number => sum(widths.map((each) => Math.min(each, MIN_WIDTH)));
  const kept = Math.min(name, Math.max(MIN_WIDTH, room - least(others)));
  let limit = Math.max(MIN_WIDTH, ...others);
  while (limit > MIN_WIDTH && kept + sum(others.map((each) => Math.min(each, limit))) > room) limit -= 1;
  return [kept, ...others.map((each) => Math.min(each, limit))];
}

const sum = (widths: readonly number[]): number => widths.reduce((total, each) => total + each, 0);

const fit = (text: string, width: number): string => padded(shortened(text, width), width);

/** `3 min ago`, `in 5 d`; `never` for null. */
export function ago(iso: string | null, nowMs: number): string {
  if (iso === null) return 'never';
  const ms = nowMs - Date.parse(iso);
  const span = spanText(Math.abs(ms));
  return Math.abs(ms) < 1000 ? 'now' : ms > 0 ? `${span} ago` : `in ${span}`;
}

function spanText(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const;
  for (const [size, name] of units) if (ms >= size) return `${Math.floor(ms / size)} ${name}`;
  return '0 s';
}
