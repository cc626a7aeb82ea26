// Carries the rows of `audit_events` over into `audit_rows`: a chain of format 1 for each writer. Each row keeps its id, its times and its data
// to the letter, because its hash covers these.
import { type Kysely, sql } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { momentOf, readRecordId, type Moment } from '../../domain/record-id.ts';
import { positionOf } from './position.ts';
import { KIND, oldBody } from './row-columns.ts';
import { digestOfWord, WORD, type WordKind } from './words.ts';

interface OldRow {
  id: string;
  workspace_id: string;
  ts: number;
  writer: string;
  seq: number;
  type: string;
  call_id: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  tool_name: string | null;
  data: string;
  hash: string;
}

const AT_ONCE = 500;
/** So many bytes has a SHA-256; a hash of another length was written by somebody else. */
const HASH = /^[0-9a-f]{64}$/;
const EndedSchema = z.looseObject({ secret_versions: z.array(z.string()), status: z.string() });

// oxlint-disable-next-line typescript/no-explicit-any -- a migration sees tables that the types of today do not name
export async function carryAuditEvents(db: Kysely<any>): Promise<void> {
  const writers = await sql<{ writer: string }>`select distinct writer from audit_events order by writer`.execute(db);
  const words = new Map<string, number>();

  async function word(kind: WordKind, workspaceId: string, text: string | null): Promise<number | null> {
    if (text === null) return null;
    const key = JSON.stringify([kind, workspaceId, text]);
    const known = words.get(key);
    if (known !== undefined) return known;
    const added = await sql<{ id: number }>`
      insert into audit_words (workspace_id, kind, digest, text)
      values (${workspaceId}, ${kind}, ${digestOfWord(text)}, ${text}) returning id`.execute(db);
    const id = added.rows[0]?.id;
    if (id === undefined) throw new GateError('internal', 'a word of the audit log could not be kept');
    words.set(key, id);
    return id;
  }

  for (const { writer } of writers.rows) {
    const begun = await sql<{ id: number }>`
      insert into audit_chains (name, format) values (${writer}, 1) returning id`.execute(db);
    const chain = begun.rows[0]?.id ?? 0;
    /** The calls that have not ended, by id. */
    const underWay = new Map<string, number>();
    for (let after = -1; ;) {
      const found = await sql<OldRow>`
        select * from audit_events where writer = ${writer} and seq > ${after} order by seq limit ${AT_ONCE}`.execute(
        db,
      );
      const last = found.rows.at(-1);
      if (last === undefined) break;
      after = last.seq;
      const rows = [];
      for (const row of found.rows) {
        const position = positionOf(chain, row.seq);
        const kind = row.type === 'call.intent' ? KIND.intent : row.type === 'call.outcome' ? KIND.outcome : KIND.event;
        const workspace = row.workspace_id;
        let call: number | null = null;
        if (row.call_id !== null && kind === KIND.intent) underWay.set(row.call_id, position);
        if (row.call_id !== null && kind === KIND.outcome) {
          call = underWay.get(row.call_id) ?? null;
          underWay.delete(row.call_id);
        }
        const facts =
          kind === KIND.event
            ? await word(WORD.type, workspace, row.type)
            : kind === KIND.outcome
              ? await word(WORD.ended, workspace, endedWord(row.data))
              : null;
        rows.push([
          position,
          momentOfOld(row.id, row.ts),
          call,
          kind,
          await word(WORD.workspace, '', workspace),
          await word(WORD.actor, workspace, row.actor),
          await word(WORD.subject, workspace, row.subject),
          await word(WORD.server, workspace, row.server),
          await word(WORD.tool, workspace, row.tool_name),
          facts,
          oldBody([row.id, row.ts, row.type, row.call_id, row.data]),
          HASH.test(row.hash) ? Buffer.from(row.hash, 'hex') : Buffer.from(row.hash, 'utf8'),
        ]);
      }
      const values = sql.join(rows.map((row) => sql`(${sql.join(row)})`));
      await sql`insert into audit_rows
        (position, at, call, kind, workspace, actor, subject, server, tool, facts, body, hash) values ${values}`.execute(
        db,
      );
    }
  }
}

/** How a call ended, so that it is found by its secrets and its status; null where somebody has changed the text. */
export function endedWord(data: string): string | null {
  try {
    const { secret_versions: secrets, status } = EndedSchema.parse(JSON.parse(data));
    return JSON.stringify({ secret_versions: secrets, status });
  } catch {
    // What it says is shown by whoever verifies the row.
    return null;
  }
}

/** When a row of format 1 was made: by its id, which is more exact than its time. */
export function momentOfOld(id: string, ts: number): Moment {
  return readRecordId(id)?.moment ?? momentOf(ts);
}
