// The audit log: the engine appends its rows, and this reads them. There is no function that changes or removes a row.
import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type { Engine } from '../engine.ts';
import type { Database } from '../schema.ts';
import type { AuditEventsTable, AuditQuery, AuditRow, CallRow, SecretUseQuery } from '../audit-row.ts';
import { type NameSpan, otherNamesOf } from './servers/server-names.ts';

export interface AuditRepository {
  /**
   * Appends all rows in one transaction. Every call waits for it twice, so the statement is prepared once. Throws `unavailable`; as an AppendInDoubt
   * where the answer was lost, so that the rows may have been committed or not.
   */
  append(rows: readonly AuditRow[]): Promise<void>;
  /** `type` and `tool` may hold `*`. `user`: the actor, or for events also the subject. At most 10,000 rows. */
  calls(query: AuditQuery): Promise<CallRow[]>;
  /** Calls without their outcomes. */
  intents(query: AuditQuery): Promise<AuditRow[]>;
  events(query: AuditQuery): Promise<AuditRow[]>;
  /** Those that have an outcome. */
  callsWithSecret(query: SecretUseQuery): Promise<CallRow[]>;
  /** A writer's rows from `fromSeq` on, in order. */
  chain(writer: string, fromSeq: number, limit: number): Promise<AuditRow[]>;
  writers(): Promise<{ writer: string; lastSeq: number; lastHash: string }[]>;
  /** The last row of a writer's chain; undefined where it has written nothing. */
  last(writer: string): Promise<{ seq: number; hash: string } | undefined>;
}

const MAX_ROWS = 10_000;

type AuditSelect = SelectQueryBuilder<Database, 'audit_events', Selectable<AuditEventsTable>>;

export function createAuditRows(engine: Engine): AuditRepository {
  const { db } = engine;
  const otherNames = async ({ workspaceId, server }: AuditQuery): Promise<NameSpan[]> =>
    server === undefined ? [] : await otherNamesOf(db, workspaceId, server);

  async function intentsOf(query: AuditQuery): Promise<Selectable<AuditEventsTable>[]> {
    const names = await otherNames(query);
    // The conditions are written literally, as in the partial indexes, so that these are used.
    return await search(db, query, names, (rows) => rows.where(sql<boolean>`type = 'call.intent'`)).execute();
  }

  async function withOutcomes(intents: readonly Selectable<AuditEventsTable>[]): Promise<CallRow[]> {
    if (intents.length === 0) return [];
    const outcomes = await db
      .selectFrom('audit_events')
      .selectAll()
      .where(sql<boolean>`type = 'call.outcome'`)
      .where(
        'call_id',
        'in',
        intents.map((intent) => intent.id),
      )
      .execute();
    const byCall = new Map(outcomes.map((outcome) => [outcome.call_id, toRow(outcome)]));
    return intents.map((intent) => ({ intent: toRow(intent), outcome: byCall.get(intent.id) ?? null }));
  }

  return {
    append: (rows) => engine.appendAudit(rows),
    async calls(query) {
      return await withOutcomes(await intentsOf(query));
    },
    async intents(query) {
      return (await intentsOf(query)).map(toRow);
    },
    async events(query) {
      const names = await otherNames(query);
      const rows = await search(db, query, names, (events) => events.where('call_id', 'is', null)).execute();
      return rows.map(toRow);
    },
    async callsWithSecret({ workspaceId, name, version, since, before, limit }) {
      // As `"NAME@VERSION"` stands in the JSON text.
      const text = `"${name}@${version === null ? '' : `${version}"`}`;
      let found = db
        .selectFrom('audit_events as intent')
        .innerJoin('audit_events as outcome', 'outcome.call_id', 'intent.id')
        .select('intent.id')
        .where(sql<boolean>`intent.type = 'call.intent'`)
        .where(sql<boolean>`outcome.type = 'call.outcome'`)
        .where('intent.workspace_id', '=', workspaceId)
        .where('intent.ts', '>=', since)
        .where(sql<boolean>`outcome.data like ${likeText(text)} escape '\\'`);
      if (before !== undefined)
        found = found.where((eb) => eb(eb.refTuple('intent.ts', 'intent.id'), '<', eb.tuple(before.ts, before.id)));
      const ids = await found
        .orderBy('intent.ts', 'desc')
        .orderBy('intent.id', 'desc')
        .limit(Math.min(limit, MAX_ROWS))
        .execute();
      if (ids.length === 0) return [];
      const intents = await db
        .selectFrom('audit_events')
        .selectAll()
        .where(
          'id',
          'in',
          ids.map(({ id }) => id),
        )
        .orderBy('ts', 'desc')
        .orderBy('id', 'desc')
        .execute();
      return await withOutcomes(intents);
    },
    async chain(writer, fromSeq, limit) {
      const rows = await db
        .selectFrom('audit_events')
        .selectAll()
        .where('writer', '=', writer)
        .where('seq', '>=', fromSeq)
        .orderBy('seq')
        .limit(Math.min(limit, MAX_ROWS))
        .execute();
      return rows.map(toRow);
    },
    async last(writer) {
      const row = await db
        .selectFrom('audit_events')
        .select(['seq', 'hash'])
        .where('writer', '=', writer)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && { seq: row.seq, hash: row.hash };
    },
    async writers() {
      const lasts = db
        .selectFrom('audit_events')
        .select((eb) => ['writer', eb.fn.max('seq').as('last_seq')])
        .groupBy('writer')
        .as('lasts');
      const rows = await db
        .selectFrom('audit_events')
        .innerJoin(lasts, (join) =>
          join.onRef('lasts.writer', '=', 'audit_events.writer').onRef('lasts.last_seq', '=', 'audit_events.seq'),
        )
        .select(['audit_events.writer', 'audit_events.seq', 'audit_events.hash'])
        .orderBy('audit_events.writer')
        .execute();
      return rows.map((row) => ({ writer: row.writer, lastSeq: row.seq, lastHash: row.hash }));
    },
  };
}

/** `otherNames`: of the server that is asked for. */
function search(
  db: Kysely<Database>,
  query: AuditQuery,
  otherNames: readonly NameSpan[],
  narrow: (rows: AuditSelect) => AuditSelect,
): AuditSelect {
  const { since, until, user, tool, server, type, after } = query;
  let rows = narrow(db.selectFrom('audit_events').selectAll().where('workspace_id', '=', query.workspaceId));
  if (since !== undefined) rows = rows.where('ts', '>=', since);
  if (until !== undefined) rows = rows.where('ts', '<', until);
  if (user !== undefined) {
    rows = rows.where((eb) => eb.or([eb('actor', '=', user), eb('subject', '=', `user:${user}`)]));
  }
  if (server !== undefined) {
    rows = rows.where((eb) => {
      const named = (name: string) => [eb('server', '=', name), eb('subject', '=', `server:${name}`)];
      const atTheTime = otherNames.map(({ name, from, until }) =>
        eb.and([eb.or(named(name)), eb('ts', '>=', from), eb('ts', '<', until)]),
      );
      return eb.or([...named(server), ...atTheTime]);
    });
  }
  if (tool !== undefined) rows = matching(rows, 'tool_name', tool);
  if (type !== undefined) rows = matching(rows, 'type', type);
  const limit = Math.max(0, Math.min(query.limit, MAX_ROWS));
  if (after === undefined) return rows.orderBy('ts', 'desc').orderBy('id', 'desc').limit(limit);
  return rows
    .where((eb) => eb(eb.refTuple('ts', 'id'), '>', eb.tuple(after.ts, after.id)))
    .orderBy('ts')
    .orderBy('id')
    .limit(limit);
}

/** Rows whose column equals `pattern`; a `*` in it stands for any characters. */
function matching(rows: AuditSelect, column: 'tool_name' | 'type', pattern: string): AuditSelect {
  if (!pattern.includes('*')) return rows.where(column, '=', pattern);
  const like = escaped(pattern).replaceAll('*', '%');
  return rows.where(sql<boolean>`${sql.ref(column)} like ${like} escape '\\'`);
}

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');
const likeText = (text: string): string => `%${escaped(text)}%`;

function toRow(row: Selectable<AuditEventsTable>): AuditRow {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    ts: row.ts,
    writer: row.writer,
    seq: row.seq,
    type: row.type,
    callId: row.call_id,
    actor: row.actor,
    subject: row.subject,
    server: row.server,
    toolName: row.tool_name,
    data: row.data,
    prevHash: row.prev_hash,
    hash: row.hash,
  };
}
