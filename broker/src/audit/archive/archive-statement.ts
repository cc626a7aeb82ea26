// What an archive says of itself: the first line of its file says what is to come, and the last one, which is signed with the key of checkpoints, what
// was there. docs/audit-format.md has both byte for byte.
import { type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../domain/canonical-json.ts';

const HashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const PreviousSchema = z.strictObject({ name: z.string(), sha256: HashSchema }).nullable();

const SpanSchema = z.strictObject({
  chain: z.string(),
  first_seq: z.int().min(0),
  /** Of its last row. */
  hash: HashSchema,
  last_seq: z.int().min(0),
  /** Of the row before the first one. */
  prev_hash: HashSchema,
  /** The key that the chain is sealed with, by its first row; null in format 1. */
  seal_key: z.string().nullable(),
});
export type StatedSpan = z.output<typeof SpanSchema>;

const common = {
  /** Rows before this time were archived. */
  before: z.string(),
  name: z.string(),
  /** From 1 without gaps. */
  number: z.int().min(1),
  /** The archive before this one; null in the first. */
  previous: PreviousSchema,
  /** Times of the first and the last row. */
  since: z.string(),
  spans: z.array(SpanSchema).min(1),
  type: z.literal('mcpgate.archive'),
  until: z.string(),
  v: z.literal(1),
};

const HeaderSchema = z.strictObject({
  ...common,
  /** Calls whose outcome stands behind the end, as `CHAIN#SEQ` of the row before they were forwarded. */
  continued: z.array(z.string()),
  /** Calls without an outcome, whose broker ended before it could say. */
  unfinished: z.array(z.string()),
  /** Of the broker that made it. */
  version: z.string(),
});
export type ArchiveHeader = z.output<typeof HeaderSchema>;
export const HeaderLineSchema = z.strictObject({ archive: HeaderSchema });

export const ArchiveStatementSchema = z.strictObject({
  ...common,
  at: z.string(),
  key: z.string(),
  rows: z.int().min(1),
  /** Of all bytes before the line of the statement, without compression. */
  sha256: HashSchema,
});
export type ArchiveStatement = z.output<typeof ArchiveStatementSchema>;

/** `signature`: base64url, over the canonical form of the statement in UTF-8. */
export const SealSchema = z.strictObject({ signature: z.string(), statement: ArchiveStatementSchema });
export type ArchiveSeal = z.output<typeof SealSchema>;

export function sealStatement(statement: ArchiveStatement, key: KeyObject): ArchiveSeal {
  const signature = sign(null, Buffer.from(canonicalJson(statement), 'utf8'), key).toString('base64url');
  return { signature, statement };
}

export function isSealedBy({ statement, signature }: ArchiveSeal, key: KeyObject): boolean {
  return verify(null, Buffer.from(canonicalJson(statement), 'utf8'), key, Buffer.from(signature, 'base64url'));
}

/** What is the same in the first and the last line. */
export const headOf = ({ before, name, number, previous, since, spans, type, until, v }: ArchiveHeader): string =>
  canonicalJson({ before, name, number, previous, since, spans, type, until, v });
export const headOfStatement = (statement: ArchiveStatement): string => {
  const { at: _at, key: _key, rows: _rows, sha256: _sha256, ...head } = statement;
  return canonicalJson(head);
};

/** What was signed of an archive, and not the columns beside it, which no signature covers: by its times archives are chosen. Ms since the epoch. */
export function signedIn({ statement }: { statement: string }) {
  const { name, sha256, rows, since, until, at } = ArchiveStatementSchema.parse(JSON.parse(statement));
  return { name, sha256, rows, since: Date.parse(since), until: Date.parse(until), at: Date.parse(at) };
}

/** Whether it has rows from `since` until before `until`. */
export const hasRowsOf = (
  archive: { since: number; until: number },
  { since = 0, until = Infinity }: { since?: number | undefined; until?: number | undefined },
): boolean => archive.since < until && archive.until >= since;
