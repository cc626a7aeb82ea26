// Checks the lines of an archive: that each row is what its hash says and follows the one before it, and that it is what was signed. Whoever made the file
// reads it back with this before a row is removed, and whoever verifies the log with its archives reads it again.
import { createHash, hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../domain/canonical-json.ts';
import {
  type ArchiveHeader,
  type ArchiveStatement,
  headOf,
  headOfStatement,
  HeaderLineSchema,
  isSealedBy,
  SealSchema,
  type StatedSpan,
} from './archive-statement.ts';

/** What is not as it was written. `chain` and `seq`: of the row, where it is one. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault';
  readonly place: { chain: string; seq: number } | undefined;

  constructor(why: string, place?: { chain: string; seq: number }) {
    super(why);
    this.place = place;
  }
}

const RowSchema = z.looseObject({
  chain: z.string(),
  seq: z.number(),
  prev_hash: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  v: z.number(),
});
/** A row as it stands in its line. */
export type ArchivedRow = z.output<typeof RowSchema>;

/** Returns what was signed. Throws ArchiveFault. `onRow` is told of each row that is right, up to the one that is not. */
export async function checkArchive(
  lines: AsyncIterable<string>,
  keys: ReadonlyMap<string, KeyObject>,
  onRow: (row: ArchivedRow, line: string) => void = () => undefined,
): Promise<ArchiveStatement> {
  const content = createHash('sha256');
  let header: ArchiveHeader | undefined;
  let pending: string | undefined;
  let spans: SpanCheck | undefined;
  let rows = 0;
  for await (const line of lines) {
    if (pending !== undefined) {
      if (header === undefined) {
        header = read(HeaderLineSchema, pending, 'it does not begin as an archive does').archive;
        spans = createSpanCheck(header.spans);
      } else {
        spans?.row(pending, onRow);
        rows += 1;
      }
      content.update(pending).update('\n');
    }
    pending = line;
  }
  if (header === undefined || spans === undefined || pending === undefined)
    throw new ArchiveFault('it is not whole: it ends before its first row');
  const { statement, signature } = read(SealSchema, pending, 'it is not whole: it does not end with what was signed');
  const key = keys.get(statement.key);
  if (key === undefined) throw new ArchiveFault(`it is signed with ${statement.key}, which is no key of this log`);
  if (!isSealedBy({ statement, signature }, key))
    throw new ArchiveFault(`what it says of itself is not what was signed with ${statement.key}`);
  spans.end();
  if (headOf(header) !== headOfStatement(statement) || rows !== statement.rows)
    throw new ArchiveFault('its beginning is not that of what was signed');
  if (content.digest('hex') !== statement.sha256) throw new ArchiveFault('its content is not what was signed');
  return statement;
}

interface SpanCheck {
  row(line: string, onRow: (row: ArchivedRow, line: string) => void): void;
  end(): void;
}

function createSpanCheck(spans: readonly StatedSpan[]): SpanCheck {
  let at = 0;
  let seq = (spans[0]?.first_seq ?? 0) - 1;
  let before = spans[0]?.prev_hash;
  return {
    row(line, onRow) {
      const span = spans[at];
      const row = read(RowSchema, line, 'a line of it is no row of the log');
      if (span === undefined) throw new ArchiveFault('there are more rows in it than it says', row);
      const place = { chain: span.chain, seq: seq + 1 };
      if (row.chain !== span.chain || row.seq !== place.seq)
        throw new ArchiveFault(`it is missing: row ${row.seq} of ${row.chain} stands there instead`, place);
      if (row.prev_hash !== before) throw new ArchiveFault('it does not follow the row before it', place);
      if (hashOf(row, line) !== row.hash) throw new ArchiveFault('what it says is not what was written', place);
      onRow(row, line);
      seq = place.seq;
      before = row.hash;
      if (seq !== span.last_seq) return;
      if (before !== span.hash) throw new ArchiveFault('it is another row than the one that was signed', place);
      at += 1;
      seq = (spans[at]?.first_seq ?? 0) - 1;
      before = spans[at]?.prev_hash;
    },
    end() {
      const span = spans[at];
      if (span !== undefined)
        throw new ArchiveFault('rows from here on are missing in it', { chain: span.chain, seq: seq + 1 });
    },
  };
}

function hashOf(row: ArchivedRow, line: string): string {
  if (row.v === 1) {
    const { id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data } = row;
    const list = [id, workspace_id, ts, chain, seq, type, call_id, actor, subject, server, tool_name, data];
    return hash('sha256', `${row.prev_hash}\n${JSON.stringify(list)}`, 'hex');
  }
  // As archives are written: the canonical form, with the hash at its end.
  const end = `,"hash":"${row.hash}"}`;
  if (line.endsWith(end)) {
    const found = hash('sha256', `${line.slice(0, -end.length)}}`, 'hex');
    if (found === row.hash) return found;
  }
  const { hash: _hash, ...said } = row;
  return hash('sha256', canonicalJson(said), 'hex');
}

function read<T>(schema: z.ZodType<T>, line: string, otherwise: string): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw new ArchiveFault(otherwise);
    throw error;
  }
}
