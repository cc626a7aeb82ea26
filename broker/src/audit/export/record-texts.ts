// Records as lines of text: JSON, and tables as programs that calculate read them.
import { RECORD_COLUMNS, type Cell, type RecordForm, type RecordLine } from './record-columns.ts';

/** As a JSON line: texts that hold JSON are what they hold. */
export const jsonLine = (line: RecordLine): string => `{${textOf(line, 'json', jsonCells)}}\n`;

/** As a program that calculates reads them (RFC 4180). */
export const csvHead = (): string => csvText(RECORD_COLUMNS.map(([name]) => name));
export const csvLine = (line: RecordLine): string => `${textOf(line, 'csv', csvCells)}\r\n`;

/** A table of texts in the same form. */
export const tableText = (rows: readonly (readonly string[])[]): string => rows.map(csvText).join('');
const csvText = (cells: readonly Cell[]): string => `${csvCells(cells)}\r\n`;

/** `make`: the text of cells, of which the first stands in that column. */
function textOf(line: RecordLine, form: RecordForm, make: (cells: readonly Cell[], column: number) => string): string {
  let text = '';
  let column = 0;
  for (const { cells, texts } of line) {
    let made = texts?.get(form);
    if (made === undefined) {
      made = make(cells, column);
      texts?.set(form, made);
    }
    text += column === 0 ? made : `,${made}`;
    column += cells.length;
  }
  return text;
}

function jsonCells(cells: readonly Cell[], column: number): string {
  let text = '';
  for (const [index, cell] of cells.entries()) {
    const { begin, isText } = JSON_COLUMNS[column + index] as (typeof JSON_COLUMNS)[number];
    const value = cell === null || typeof cell === 'number' || !isText ? `${cell}` : JSON.stringify(cell);
    text += (index === 0 ? begin : `,${begin}`) + value;
  }
  return text;
}
const JSON_COLUMNS = RECORD_COLUMNS.map(([name, kind]) => ({
  begin: `"${name}":`,
  isText: kind === 'text' || kind === 'time',
}));

const csvCells = (cells: readonly Cell[]): string => cells.map(csvCell).join(',');

/** What a program that calculates takes for a formula where a text begins so: https://owasp.org/www-community/attacks/CSV_Injection. */
const FORMULA = /^[\s\u00A0\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;
// oxlint-disable-next-line no-control-regex -- control characters are what this takes out
const CONTROL = /[\u0000-\u001F\u007F\u0085\u2028\u2029]/g;
const QUOTED = /[",]|^\s|\s$/;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text that would run begins with an apostrophe, by which it is a text; a line has no line breaks within: they stand as `\n`. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (isPlain(cell)) return cell;
  const line = cell.replaceAll(CONTROL, (character) => {
    return ESCAPES[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
  const defused = FORMULA.test(cell) || CONTROL.test(cell.slice(0, 1)) ? `'${line}` : line;
  return QUOTED.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

/** Most are: names, ids, hashes. */
const isPlain = (text: string): boolean => /^[\w](?:[\w.:#@/-]*[\w.:#@/-])?$/.test(text);
