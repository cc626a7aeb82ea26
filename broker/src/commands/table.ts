// Tables for people: columns as wide as their texts, the widest ones cut with an ellipsis where the terminal is narrower.
import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';
const MIN_WIDTH = 6;

/** `width` undefined: as wide as it gets (not a terminal). Texts of others lose their control characters. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const cells = [head, ...rows.map((row) => row.map(plain))];
  const widths = head.map((_name, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const total = (): number => widths.reduce((sum, value) => sum + value, 0) + GAP.length * (widths.length - 1);
  while (width !== undefined && total() > width) {
    const widest = widths.indexOf(Math.max(...widths));
    const current = widths[widest] ?? 0;
    if (current <= MIN_WIDTH) break;
    widths[widest] = Math.max(MIN_WIDTH, current - (total() - width));
  }
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => fit(cell, widths[column] ?? 0))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('');
}

/** One line without control characters: what comes from others must not steer a terminal. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return stripVTControlCharacters(text).replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    ' ',
  );
}

function fit(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, Math.max(0, width - 1))}…`;
}

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
