// The definitions that were seen of servers. What one server can fill here is bounded, because servers choose the names and texts themselves. What
// is dropped is new when it is seen again, so that dropping never accepts anything.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Definition } from '../../../domain/definition.ts';
import type { Announce } from '../../bus/announce.ts';
import type { DefinitionKey, DefinitionNote, NotedPart, SeenPart, WholeList } from '../../definition-rows.ts';
import type { Database } from '../../schema.ts';
import type { Store } from '../../store.ts';
import { NOTE_COLUMNS, toDefinition, toNote, toRow } from './definition-columns.ts';

/** How many texts of one thing are kept besides the one that the list has now: accepted ones, and others. */
const MOST_ACCEPTED = 16;
const MOST_OTHERS = 8;
/** The most characters that are kept of one server before what it does not list any more is dropped. */
const MOST_CHARS = 32 * 1024 * 1024;
const ROWS_A_STATEMENT = 200;
const ROWS_A_READING = 1_000;

export function createDefinitions(db: Kysely<Database>, clock: Clock, announce: Announce): Store['definitions'] {
  return {
    async *ofServer(serverId) {
      let after: readonly [Definition['kind'], string, string] | undefined;
      for (;;) {
        const all = db.selectFrom('definitions').selectAll().where('server_id', '=', serverId);
        const query = after === undefined ? all : all.where(afterPlace(...after));
        const inOrder = query.orderBy('kind').orderBy('name').orderBy('digest');
        const rows = await inOrder.limit(ROWS_A_READING).execute();
        if (rows.length > 0) yield rows.map(toDefinition);
        const last = rows.at(-1);
        if (last === undefined || rows.length < ROWS_A_READING) return;
        after = [last.kind, last.name, last.digest];
      }
    },
    async begunKinds(serverId) {
      const query = db.selectFrom('definition_lists').select('kind').where('server_id', '=', serverId);
      return (await query.orderBy('kind').execute()).map(({ kind }) => kind);
    },
    async ofThing(serverId, { kind, name }) {
      const query = db.selectFrom('definitions').selectAll().where('server_id', '=', serverId);
      const rows = await query
        .where('kind', '=', kind)
        .where('name', '=', name)
        .orderBy('seen_at', 'desc')
        .orderBy('digest')
        .execute();
      return rows.map(toDefinition);
    },
    async notes(workspaceId, serverId) {
      const all = db.selectFrom('definitions').select(NOTE_COLUMNS).where('workspace_id', '=', workspaceId);
      const query = serverId === undefined ? all : all.where('server_id', '=', serverId);
      const rows = await query.orderBy('kind').orderBy('name').orderBy('seen_at').orderBy('digest').execute();
      return rows.map(toNote);
    },
    async things(serverId, kind, { after, limit }) {
      const ofKind = db.selectFrom('definitions').where('server_id', '=', serverId).where('kind', '=', kind);
      const shown = ofKind.where((eb) => eb.or([eb('accepted_at', 'is not', null), eb('withdrawn_at', 'is', null)]));
      const behind = after === undefined ? shown : shown.where('name', '>', after);
      const names = (await behind.select('name').groupBy('name').orderBy('name').limit(limit).execute()).map(
        ({ name }) => name,
      );
      if (names.length === 0) return [];
      const rows = await ofKind
        .select(NOTE_COLUMNS)
        .where('name', 'in', names)
        .orderBy('name')
        .orderBy('seen_at')
        .orderBy('digest')
        .execute();
      const byName = Map.groupBy(rows, ({ name }) => name);
      return names.map((name) => ({ name, notes: (byName.get(name) ?? []).map(toNote) }));
    },
    async textsOf(serverId, tools) {
      if (tools.length === 0) return new Map();
      const names = tools.map(({ name }) => name);
      const digests = tools.map(({ digest }) => digest);
      const rows = await db
        .selectFrom('definitions')
        .select(['digest', 'text'])
        .where('server_id', '=', serverId)
        .where('kind', '=', 'tools')
        .where('name', 'in', names)
        .where('digest', 'in', digests)
        .execute();
      return new Map(rows.map(({ digest, text }) => [digest, text]));
    },
    toolNamesOfOthers: (workspaceId, serverId, limit) =>
      db
        .selectFrom('definitions')
        .innerJoin('servers', 'servers.id', 'definitions.server_id')
        .select(['servers.name as server', 'definitions.name as name'])
        .distinct()
        .where('definitions.workspace_id', '=', workspaceId)
        .where('definitions.server_id', '<>', serverId)
        .where('definitions.kind', '=', 'tools')
        .orderBy('servers.name')
        .orderBy('definitions.name')
        .limit(limit)
        .execute(),
    note: (part) =>
      db.transaction().execute(async (trx) => {
        const { workspaceId, serverId } = part;
        await lockServer(trx, serverId);
        const noted = await notePart(trx, part, clock.now());
        if (part.isTold && noted.added.length > 0) await announce(trx, { kind: 'listed', workspaceId, serverId });
        return noted;
      }),
    finish: (list) =>
      db.transaction().execute(async (trx) => {
        const { serverId, kind, withdrawn, names } = list;
        await lockServer(trx, serverId);
        const change = { withdrawn_at: clock.now() };
        for (const each of withdrawn)
          await updateOf(trx, serverId, each, change).where('accepted_at', 'is', null).execute();
        if (names.size === 0) return { hasDropped: false };
        const since = { server_id: serverId, kind, since: clock.now() };
        await trx
          .insertInto('definition_lists')
          .values(since)
          .onConflict((on) => on.doNothing())
          .execute();
        return { hasDropped: await dropUnlisted(trx, list) };
      }),
    accept: ({ workspaceId, serverId }, which, by) =>
      db.transaction().execute(async (trx) => {
        const accepted: DefinitionNote[] = [];
        for (const each of which) {
          const change = { accepted_at: clock.now(), accepted_by: by, withdrawn_at: null };
          const query = updateOf(trx, serverId, each, change).where('workspace_id', '=', workspaceId);
          const row = await query.returning(NOTE_COLUMNS).executeTakeFirst();
          if (row !== undefined) accepted.push(toNote(row));
        }
        if (accepted.length > 0) await announce(trx, { kind: 'definitions', workspaceId, serverId });
        return accepted;
      }),
  };
}

const afterPlace = (kind: Definition['kind'], name: string, digest: string) =>
  sql<boolean>`(kind, name, digest) > (${kind}, ${name}, ${digest})`;

const updateOf = (
  trx: Transaction<Database>,
  serverId: string,
  { kind, name, digest }: DefinitionKey,
  change: Partial<Database['definitions']>,
) =>
  trx
    .updateTable('definitions')
    .set(change)
    .where('server_id', '=', serverId)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .where('digest', '=', digest);

/** Takes the server's row for the rest of the transaction: what two brokers see is kept one after the other. */
async function lockServer(trx: Transaction<Database>, id: string): Promise<void> {
  const row = await trx
    .updateTable('servers')
    .set((eb) => ({ revision: eb.ref('revision') }))
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) throw new GateError('not_found', 'the server was removed meanwhile');
}

async function notePart(trx: Transaction<Database>, part: SeenPart, now: number): Promise<NotedPart> {
  const { serverId, kind, owner } = part;
  const begun = await trx
    .selectFrom('definition_lists')
    .select('since')
    .where('server_id', '=', serverId)
    .where('kind', '=', kind)
    .executeTakeFirst();
  const isFirst = begun === undefined;
  const names = part.seen.map(({ name }) => name);
  const query = trx.selectFrom('definitions').selectAll().where('server_id', '=', serverId).where('kind', '=', kind);
  const rows = names.length === 0 ? [] : await query.where('name', 'in', names).execute();
  const known = new Map(rows.map((row) => [keyOf(row), toDefinition(row)]));
  const added: Definition[] = [];
  for (const { acceptedAtFirst, acceptedLater, ...seen } of part.seen) {
    const isAccepted = acceptedLater || (isFirst && acceptedAtFirst);
    const acceptance = { acceptedAt: now, acceptedBy: acceptedLater ? 'policy' : 'first' };
    const before = known.get(keyOf(seen));
    if (before === undefined) {
      const none = { acceptedAt: null, acceptedBy: null };
      const definition = { ...seen, owner, seenAt: now, withdrawnAt: null, ...(isAccepted ? acceptance : none) };
      added.push(definition);
      known.set(keyOf(seen), definition);
      continue;
    }
    const isWider = before.owner !== null && before.owner !== owner;
    const isAcceptedNow = before.acceptedAt === null && isAccepted;
    if (!isWider && !isAcceptedNow && before.withdrawnAt === null) continue;
    const definition = {
      ...before,
      withdrawnAt: null,
      ...(isWider && { owner: null }),
      ...(isAcceptedNow && acceptance),
    };
    await updateOf(trx, serverId, before, toRow(definition, part)).execute();
    known.set(keyOf(seen), definition);
  }
  for (let from = 0; from < added.length; from += ROWS_A_STATEMENT) {
    const values = added.slice(from, from + ROWS_A_STATEMENT).map((each) => toRow(each, part));
    await trx.insertInto('definitions').values(values).execute();
  }
  const current = new Set(part.seen.map(keyOf));
  for (const each of tooMany([...known.values()], current)) {
    await trx
      .deleteFrom('definitions')
      .where('server_id', '=', serverId)
      .where('kind', '=', kind)
      .where('name', '=', each.name)
      .where('digest', '=', each.digest)
      .execute();
    known.delete(keyOf(each));
  }
  return { isFirst, added, variants: [...known.values()] };
}

const keyOf = ({ name, digest }: { name: string; digest: string }): string => `${digest}\n${name}`;

/** Those of things that have more texts than are kept, the ones that were seen first. */
function tooMany(definitions: readonly Definition[], current: ReadonlySet<string>): Definition[] {
  const counts = new Map<string, number>();
  return definitions
    .toSorted((a, b) => b.seenAt - a.seenAt || (a.digest < b.digest ? -1 : 1))
    .filter((each) => {
      if (current.has(keyOf(each))) return false;
      const isAccepted = each.acceptedAt !== null;
      const count = (counts.get(`${isAccepted}\n${each.name}`) ?? 0) + 1;
      counts.set(`${isAccepted}\n${each.name}`, count);
      return count > (isAccepted ? MOST_ACCEPTED : MOST_OTHERS);
    });
}

/** Drops what a server does not list any more where all that is kept of it is too much, the oldest first. Returns whether it has. */
async function dropUnlisted(trx: Transaction<Database>, { serverId, kind, names }: WholeList): Promise<boolean> {
  const sum = await trx
    .selectFrom('definitions')
    .select((eb) => sql<number | string | null>`sum(length(${eb.ref('text')}))`.as('chars'))
    .where('server_id', '=', serverId)
    .executeTakeFirst();
  let over = Number(sum?.chars ?? 0) - MOST_CHARS;
  if (over <= 0) return false;
  let hasDropped = false;
  const rows = await trx
    .selectFrom('definitions')
    .select(['kind', 'name', 'digest'])
    .select((eb) => sql<number | string>`length(${eb.ref('text')})`.as('chars'))
    .where('server_id', '=', serverId)
    .where('kind', '=', kind)
    .orderBy('seen_at')
    .execute();
  for (const { name, digest, chars } of rows) {
    if (over <= 0) break;
    if (names.has(name)) continue;
    hasDropped = true;
    await trx
      .deleteFrom('definitions')
      .where('server_id', '=', serverId)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .where('digest', '=', digest)
      .execute();
    over -= Number(chars);
  }
  return hasDropped;
}
