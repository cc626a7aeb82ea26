// An export of the log in parts: a file of text as texts, because bytes that go from one thread to another are what makes the other one tidy its memory,
// and calls wait meanwhile.
import { openLog, type LogReader } from '../../store/audit/log-reader.ts';
import type { ExportOrder } from './export-order.ts';
import { createParquetFile } from './parquet-file.ts';
import type { RecordLine } from './record-columns.ts';
import { createRecordLines } from './record-lines.ts';
import { csvHead, csvLine, jsonLine } from './record-texts.ts';
import { summarize } from './summary.ts';
import { createRowLines } from './row-lines.ts';
import { assertPlace, pickRecords, pickRows } from './walk-log.ts';

/** `lines`: of it and of all parts before it. */
export interface ExportPart {
  /** Of a text the bytes are its UTF-8. */
  data: string | Uint8Array;
  lines: number;
}

/** The first part is empty. Throws `usage` before it where the log has no such place to go on behind. */
export async function* exportLog(order: ExportOrder): AsyncGenerator<ExportPart> {
  const log = openLog(order.source);
  try {
    await assertPlace(log, order);
    // It can be made: whoever waits for that is told before the first line is found.
    yield { data: '', lines: 0 };
    if (order.format === 'summary') yield* summaryParts(log, order);
    else if (order.format === 'parquet') yield* parquetParts(log, order);
    else yield* textParts(log, order);
  } finally {
    await log.close();
  }
}

/** To put together a text of more than 128 KiB takes ten times as long, and a part that waits to be sent is memory that calls may need. */
const PART_CHARS = 60 * 1_024;

async function* textParts(log: LogReader, order: ExportOrder): AsyncGenerator<ExportPart> {
  const { format, after } = order;
  // What goes on behind a row is put behind the lines up to that row.
  if (format === 'csv' && after === undefined) yield { data: csvHead(), lines: 0 };
  let data = '';
  let lines = 0;
  for await (const texts of limited(format === 'rows' ? rowTexts(log, order) : recordTexts(log, order), order.limit)) {
    for (const text of texts) {
      if (data !== '' && data.length + text.length > PART_CHARS) {
        yield { data, lines };
        data = '';
      }
      data += text;
      lines += 1;
    }
    if (texts.length === 0) yield { data: '', lines };
  }
  if (data !== '') yield { data, lines };
}

async function* rowTexts(log: LogReader, order: ExportOrder): AsyncGenerator<string[]> {
  const lines = createRowLines(log);
  for await (const part of pickRows(log, order)) yield await lines(part);
}

async function* recordTexts(log: LogReader, order: ExportOrder): AsyncGenerator<string[]> {
  const lineOf = order.format === 'csv' ? csvLine : jsonLine;
  for await (const records of recordLines(log, order)) yield records.map(lineOf);
}

async function* recordLines(log: LogReader, order: ExportOrder): AsyncGenerator<RecordLine[]> {
  const linesOf = createRecordLines(log);
  for await (const part of pickRecords(log, order)) yield await linesOf(part);
}

async function* parquetParts(log: LogReader, order: ExportOrder): AsyncGenerator<ExportPart> {
  const file = createParquetFile({
    'mcpgate.workspace': order.workspaceId,
    'mcpgate.filter': JSON.stringify(order.filter),
  });
  let lines = 0;
  for await (const records of limited(recordLines(log, order), order.limit)) {
    lines += records.length;
    const bytes = file.add(records);
    if (bytes !== undefined) yield { data: bytes, lines };
  }
  yield { data: file.end(), lines };
}

/** Empty parts while it is made, and at the end all of it as JSON. */
async function* summaryParts(log: LogReader, order: ExportOrder): AsyncGenerator<ExportPart> {
  let lines = 0;
  for await (const step of summarize(log, order)) {
    if (typeof step === 'number') yield { data: '', lines: (lines = step) };
    else yield { data: JSON.stringify(step), lines };
  }
}

/** An empty part is handed on: whoever counts sees that it goes on. */
async function* limited<T>(parts: AsyncIterable<T[]>, limit: number | undefined): AsyncGenerator<T[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const part of parts) {
    const some = part.length > left ? part.slice(0, left) : part;
    left -= some.length;
    yield some;
    if (left === 0) return;
  }
}
