// Searches the rows of the audit log. What is asked for is turned into numbers of words first; the most telling of them says by which index the rows
// are found, and the others sort out. Where several words will do, the newest rows of each are found by the index, so that none is read and sorted
// that does not come into it.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { momentOf } from '../../domain/record-id.ts';
import { otherNamesOf } from '../repositories/servers/server-names.ts';
import type { Database } from '../schema.ts';
import { KIND, type RowColumns } from './row-columns.ts';
import type { AuditQuery, Cursor } from './row.ts';
import type { WordFinder } from './word-finder.ts';
import { WORD, type WordKind } from './words.ts';

type Condition = RawBuilder<boolean>;

/** Of these at least one must be true; an index leads to the rows of each. */
type Ways = readonly Condition[];

/** With more words than these their rows are not found by each of them. */
export const MOST_WAYS = 100;

export async function searchRows(
  db: Kysely<Database>,
  words: WordFinder,
  kind: typeof KIND.intent | typeof KIND.event,
  query: AuditQuery,
): Promise<RowColumns[]> {
  const { workspaceId, user, tool, server, type, subject, text } = query;
  const isIntent = kind === KIND.intent;
  const workspace = await words.find(WORD.workspace, '', workspaceId);
  if (workspace === undefined) return [];

  async function equal(column: 'actor' | 'subject' | 'server', word: WordKind, text: string): Promise<Ways> {
    const id = await words.find(word, workspaceId, text);
    return id === undefined ? [] : [sql<boolean>`${sql.ref(column)} = ${sql.lit(id)}`];
  }
  async function like(column: 'tool' | 'facts' | 'subject', word: WordKind, pattern: string): Promise<Ways> {
    return oneOf(column, await words.matching(word, workspaceId, pattern));
  }
  const named = (name: string): Promise<Ways> =>
    isIntent ? equal('server', WORD.server, name) : equal('subject', WORD.subject, `server:${name}`);
  async function ofServer(name: string): Promise<Ways> {
    const ways = [...(await named(name))];
    for (const { name: other, from, until } of await otherNamesOf(db, workspaceId, name)) {
      const at = sql<boolean>`at >= ${momentIn(from)} and at < ${momentIn(until)}`;
      ways.push(...(await named(other)).map((way) => sql<boolean>`(${way} and ${at})`));
    }
    return ways;
  }

  const filters: Ways[] = [];
  if (user !== undefined) {
    const acted = await equal('actor', WORD.actor, user);
    filters.push(isIntent ? acted : [...acted, ...(await equal('subject', WORD.subject, `user:${user}`))]);
  }
  if (tool !== undefined) filters.push(isIntent ? await like('tool', WORD.tool, tool) : []);
  if (type !== undefined) filters.push(isIntent ? [] : await like('facts', WORD.type, type));
  if (subject !== undefined) filters.push(isIntent ? [] : await equal('subject', WORD.subject, subject));
  if (text !== undefined) {
    const part = `*${text}*`;
    const told = async () => [
      ...(await like('facts', WORD.type, part)),
      ...(await like('subject', WORD.subject, part)),
    ];
    filters.push(isIntent ? await like('tool', WORD.tool, part) : await told());
  }
  if (server !== undefined) filters.push(await ofServer(server));
  if (filters.some((ways) => ways.length === 0)) return [];

  const [first = [sql<boolean>`${sql.ref('workspace')} = ${sql.lit(workspace)}`], ...others] = filters;
  const also = [...others.map(anyOf), ...timesOf(query)];
  return await findRows(db, kind, first, also, query);
}

/** Rows of a kind: the newest first, or those after a cursor, the oldest first; with `before` the newest of those before it. */
export async function findRows(
  db: Kysely<Database>,
  kind: number,
  ways: Ways,
  also: readonly Condition[],
  { after, before, limit }: { after?: Cursor; before?: Cursor; limit: number },
): Promise<RowColumns[]> {
  const conditions = [...also];
  if (after !== undefined) conditions.push(sql<boolean>`(at, position) > (${after.at}, ${after.position})`);
  if (before !== undefined) conditions.push(sql<boolean>`(at, position) < (${before.at}, ${before.position})`);
  const order = after === undefined ? sql`at desc, position desc` : sql`at, position`;
  // The kind is written literally, as in the partial indexes, so that these are used.
  const by = (way: Condition) => {
    const all = sql.join([sql<boolean>`kind = ${sql.lit(kind)}`, way, ...conditions], sql` and `);
    return sql`from audit_rows where ${all} order by ${order} limit ${sql.lit(limit)}`;
  };
  const [only, ...more] = ways;
  if (only === undefined) return [];
  if (more.length === 0) return (await sql<RowColumns>`select * ${by(only)}`.execute(db)).rows;
  const parts = ways.map((way) => sql`select position from (select position, at ${by(way)}) as found`);
  const found = await sql<RowColumns>`
    select * from audit_rows where position in (${sql.join(parts, sql` union all `)})
    order by ${order} limit ${sql.lit(limit)}`.execute(db);
  return found.rows;
}

export function timesOf({ since, until }: { since?: number; until?: number }): Condition[] {
  const times: Condition[] = [];
  if (since !== undefined) times.push(sql<boolean>`at >= ${momentIn(since)}`);
  if (until !== undefined) times.push(sql<boolean>`at < ${momentIn(until)}`);
  return times;
}

/** The rows of which the column is one of these words. */
export function oneOf(column: 'tool' | 'facts' | 'subject', ids: readonly number[]): Ways {
  if (ids.length <= MOST_WAYS) return ids.map((id) => sql<boolean>`${sql.ref(column)} = ${sql.lit(id)}`);
  return [sql<boolean>`${sql.ref(column)} in (${sql.join(ids.map((id) => sql.lit(id)))})`];
}

const anyOf = (ways: Ways): Condition => sql<boolean>`(${sql.join(ways, sql` or `)})`;

/** Times that no row can have are taken for the last one. */
const momentIn = (ms: number): number => Math.min(momentOf(Math.max(ms, 0)), Number.MAX_SAFE_INTEGER);
