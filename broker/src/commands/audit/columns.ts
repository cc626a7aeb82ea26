// Tables of the log: columns that say nothing when they are cut are never cut, those that a narrow terminal does without are left out, and the rest
// share what room there is.
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded, shortened, textWidth } from 'mcpgate-shared/text-width';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => string;
  /** To how little it may be cut; left out: it is never cut. */
  least?: number;
  /** Left out where there is not enough room for all; the column with the greatest number first. */
  spare?: number;
  /** Colours what stands in the cell. */
  paint?: (text: string, row: Row) => string;
}

const GAP = '  ';

/** `width`: of the terminal; undefined: no bound. */
export function formatColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): string {
  const cells = columns.map(({ head, cell }) => [head, ...rows.map((row) => plainLine(cell(row)))]);
  const natural = new Map(columns.map((column, index) => [column, Math.max(...(cells[index] ?? []).map(textWidth))]));
  const texts = new Map(columns.map((column, index) => [column, cells[index] ?? []]));
  const shown = [...columns];
  const widthOf = (column: Column<Row>): number => natural.get(column) ?? 0;
  const leastOf = (column: Column<Row>): number => Math.min(widthOf(column), column.least ?? Number.MAX_SAFE_INTEGER);
  const gaps = (): number => GAP.length * (shown.length - 1);
  const needed = (): number => shown.reduce((total, column) => total + leastOf(column), gaps());
  while (width !== undefined && needed() > width) {
    const most = Math.max(...shown.map(({ spare = 0 }) => spare));
    const at = most === 0 ? -1 : shown.findIndex(({ spare }) => spare === most);
    if (at === -1) break;
    shown.splice(at, 1);
  }
  const widths = shown.map((column) => (width === undefined ? widthOf(column) : leastOf(column)));
  for (let room = width === undefined ? 0 : width - needed(); room > 0;) {
    const before = room;
    for (const [index, column] of shown.entries()) {
      if (room === 0 || (widths[index] ?? 0) >= widthOf(column)) continue;
      widths[index] = (widths[index] ?? 0) + 1;
      room -= 1;
    }
    if (room === before) break;
  }
  const lines = [undefined, ...rows].map((row, line) =>
    shown
      .map((column, index) => {
        const fitted = shortened(texts.get(column)?.[line] ?? '', widths[index] ?? 0);
        const blanks =
          index === shown.length - 1 ? '' : padded('', Math.max(0, (widths[index] ?? 0) - textWidth(fitted)));
        return (row === undefined || column.paint === undefined ? fitted : column.paint(fitted, row)) + blanks;
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
