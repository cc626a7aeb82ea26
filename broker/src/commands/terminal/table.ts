// Tables for people: columns are as wide as their texts; where the terminal is narrower, the widest ones are cut with an ellipsis.
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded, shortened, textWidth } from 'mcpgate-shared/text-width';

const GAP = '  ';
const MIN_WIDTH = 6;

/** Columns that are cut to less say nothing any more. */
const LEAST_USE = 8;

/**
 * `width`: of the terminal in characters; undefined: no bound (not a terminal). Cells lose their control characters, as they may come from
 * strangers. `least`: columns that are left out, in this order, where the others would be cut to next to nothing.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  least: readonly string[] = [],
): string {
  const [first, ...others] = least;
  const at = first === undefined ? -1 : head.indexOf(first);
  if (width !== undefined && at !== -1 && isTooNarrow([head, ...rows], width)) {
    const without = (row: readonly string[]): string[] => row.filter((_cell, column) => column !== at);
    return formatTable(without(head), rows.map(without), width, others);
  }
  const cells = [head, ...rows.map((row) => row.map(plainLine))];
  const natural = head.map((_name, column) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? '')), 0),
  );
  const widths = width === undefined ? natural : narrowed(natural, width - GAP.length * (natural.length - 1));
  const line = (row: readonly string[]): string => row.map((cell, column) => fit(cell, widths[column] ?? 0)).join(GAP);
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Whether the columns but the first would have less than `LEAST_USE` each, as far as they need that much. */
function isTooNarrow(cells: readonly (readonly string[])[], width: number): boolean {
  const [name = 0, ...others] = (cells[0] ?? []).map((_name, column) =>
    Math.max(...cells.map((row) => textWidth(plainLine(row[column] ?? '')))),
  );
  const needed = name + sum(others.map((each) => GAP.length + Math.min(each, LEAST_USE)));
  return needed > width;
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
