// An export of the log as bytes, in parts of some hundred kilobytes.
import { openLog, type LogReader } from '../../store/audit/log-reader.ts';
import type { ExportOrder } from './export-order.ts';
import { createParquetFile } from './parquet-file.ts';
import type { RecordLine } from './record-columns.ts';
import { createRecordLines } from './record-lines.ts';
import { csvHead, csvLine, jsonLine } from './record-texts.ts';
import { summarize } from './summary.ts';
import { createRowLines } from './row-lines.ts';
import { pickRecords, pickRows } from './walk-log.ts';

/** `lines`: of it and of all parts before it. */
export interface ExportPart {
  bytes: Uint8Array;
  lines: number;
}

export async function* exportLog(order: ExportOrder): AsyncGenerator<ExportPart> {
  const log = openLog(order.source);
  try {
    if (order.format === 'summary') yield* summaryParts(log, order);
    else if (order.format === 'parquet') yield* parquetParts(log, order);
    else yield* textParts(log, order);
  } finally {
    await log.close();
  }
}

const encoder = new TextEncoder();
/** Few: each buffer that waits to be sent, or to be thrown away, is memory that calls may need. */
const PART_BYTES = 64 * 1_024;
/** UTF-8 has no more bytes for a unit of UTF-16. */
const MOST_BYTES = 3;

async function* textParts(log: LogReader, order: ExportOrder): AsyncGenerator<ExportPart> {
  const { format, after } = order;
  // What goes on behind a row is put behind the lines up to that row.
  if (format === 'csv' && after === undefined) yield { bytes: encoder.encode(csvHead()), lines: 0 };
  // Lines are written one by one: to put them together into one text of more than 128 KiB first takes ten times as long.
  const buffer = Buffer.allocUnsafe(PART_BYTES);
  let length = 0;
  let lines = 0;
  const taken = (): ExportPart => {
    const bytes = new Uint8Array(buffer.subarray(0, length));
    length = 0;
    return { bytes, lines };
  };
  for await (const texts of limited(format === 'rows' ? rowTexts(log, order) : recordTexts(log, order), order.limit)) {
    for (const text of texts) {
      const most = MOST_BYTES * text.length;
      if (length > 0 && length + most > PART_BYTES) yield taken();
      lines += 1;
      if (most > PART_BYTES) yield { bytes: encoder.encode(text), lines };
      else length += buffer.write(text, length);
    }
    if (texts.length === 0) yield { bytes: new Uint8Array(0), lines };
  }
  if (length > 0) yield taken();
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
    if (bytes !== undefined) yield { bytes, lines };
  }
  yield { bytes: file.end(), lines };
}

/** Empty parts while it is made, and at the end all of it as JSON. */
async function* summaryParts(log: LogReader, order: ExportOrder): AsyncGenerator<ExportPart> {
  let lines = 0;
  for await (const step of summarize(log, order)) {
    if (typeof step === 'number') yield { bytes: new Uint8Array(0), lines: (lines = step) };
    else yield { bytes: encoder.encode(JSON.stringify(step)), lines };
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
