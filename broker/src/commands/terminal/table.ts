// Tables for people: columns are as wide as their texts; where the terminal is narrower, the widest ones are cut with an ellipsis, but for the one
// whose text must be read to its end: it goes on in further lines.
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded, shortened, textWidth, wrappedWithin } from 'mcpgate-shared/text-width';

const GAP = '  ';
const MIN_WIDTH = 6;

/** Columns that are cut to less say nothing any more. */
const LEAST_USE = 8;
/** A column that goes on in further lines is not made narrower for the sake of those that can be left out. */
const LEAST_WRAPPED = 36;
/** What stands beside it is cut to that. */
const MOST_BESIDE = 24;

/**
 * `width`: of the terminal in characters; undefined: no bound (not a terminal). Cells lose their control characters, as they may come from
 * strangers. `least`: columns that are left out, in this order, where the others would be cut to next to nothing. `wraps`: the column that is never cut.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  least: readonly string[] = [],
  wraps?: string,
): string {
  const [first, ...others] = least;
  const at = first === undefined ? -1 : head.indexOf(first);
  if (width !== undefined && at !== -1 && isTooNarrow([head, ...rows], width, wraps)) {
    const without = (row: readonly string[]): string[] => row.filter((_cell, column) => column !== at);
    return formatTable(without(head), rows.map(without), width, others, wraps);
  }
  const cells = [head, ...rows.map((row) => row.map(plainLine))];
  const natural = head.map((_name, column) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? '')), 0),
  );
  const wrapAt = wraps === undefined ? -1 : head.indexOf(wraps);
  const room = (width ?? 0) - GAP.length * (natural.length - 1);
  const widths =
    width === undefined ? natural : wrapAt === -1 ? narrowed(natural, room) : beside(natural, wrapAt, room);
  const line = (row: readonly string[]): string => row.map((cell, column) => fit(cell, widths[column] ?? 0)).join(GAP);
  return cells
    .flatMap((row) => (wrapAt === -1 ? [row] : inLines(row, wrapAt, widths[wrapAt] ?? 0)))
    .map((row) => `${line(row).trimEnd()}\n`)
    .join('');
}

/** The row as many: the further lines of one column stand alone. */
function inLines(row: readonly string[], wrapAt: number, width: number): string[][] {
  const lines = wrappedWithin(row[wrapAt] ?? '', width);
  const rest = (at: number, cell: string): string => (at === 0 ? cell : '');
  return lines.map((text, at) => row.map((cell, column) => (column === wrapAt ? text : rest(at, cell))));
}

/** The widths where one column goes on in further lines: it gets what the others leave. */
function beside(natural: readonly number[], wrapAt: number, room: number): number[] {
  const widths = natural.map((each, column) => (column === 0 ? each : Math.min(each, MOST_BESIDE)));
  const others = sum(widths) - (widths[wrapAt] ?? 0);
  const left = room - others;
  // Where nothing is left, the others give way, too.
  if (left < MIN_WIDTH * 2 && (natural[wrapAt] ?? 0) > left) return narrowed(natural, room);
  return widths.map((each, column) => (column === wrapAt ? Math.min(natural[wrapAt] ?? 0, left) : each));
}

/** Whether the columns but the first would have less than `LEAST_USE` each, as far as they need that much. */
function isTooNarrow(cells: readonly (readonly string[])[], width: number, wraps: string | undefined): boolean {
  const wrapAt = wraps === undefined ? -1 : (cells[0] ?? []).indexOf(wraps);
  const [name = 0, ...others] = (cells[0] ?? []).map((_name, column) =>
    Math.max(...cells.map((row) => textWidth(plainLine(row[column] ?? '')))),
  );
  const least = (column: number): number =>
    wrapAt === -1 ? LEAST_USE : column === wrapAt ? LEAST_WRAPPED : MOST_BESIDE;
  const needed = name + sum(others.map((each, at) => GAP.length + Math.min(each, least(at + 1))));
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
  // Three days that have just begun are three, and not two.
  const span = spanText(ms > 0 ? ms : 999 - ms);
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
