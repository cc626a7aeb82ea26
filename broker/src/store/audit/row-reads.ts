// Reads calls and events of the log, on whichever connection it is given: that of the broker, or one of a thread that reads beside it.
import type { Kysely } from 'kysely';
import { timeOf } from '../../domain/record-id.ts';
import type { EngineKind } from '../engine.ts';
import type { Database } from '../schema.ts';
import { KIND, type RowColumns } from './row-columns.ts';
import type { RowReader } from './row-reader.ts';
import type { AuditQuery, AuditRow, CallRow, Cursor, EndedQuery, RowOf } from './row.ts';
import { createRowSearch, type FoundPlaces } from './search.ts';
import { createWordFinder } from './word-finder.ts';
import type { WordKind } from './words.ts';

export interface RowReads {
  /** `type` and `tool` may hold `*`. `user`: the actor, or for events also the subject. At most 10,000 rows. */
  calls(query: AuditQuery): Promise<CallRow[]>;
  /** Calls without their outcomes. */
  intents(query: AuditQuery): Promise<CallRow['intent'][]>;
  events(query: AuditQuery): Promise<RowOf<'event' | 'old'>[]>;
  /** The same for so long: there may be fewer than `limit` although the search goes on, at `next`. */
  someIntents(query: AuditQuery, budgetMs: number): Promise<{ rows: CallRow['intent'][]; next: Cursor | undefined }>;
  someEvents(
    query: AuditQuery,
    budgetMs: number,
  ): Promise<{ rows: RowOf<'event' | 'old'>[]; next: Cursor | undefined }>;
  /** The same calls with their outcomes. */
  withOutcomes(intents: readonly CallRow['intent'][]): Promise<CallRow[]>;
  /** Those that have an outcome. `next`: where the search goes on. */
  endedCalls(query: EndedQuery): Promise<{ calls: CallRow[]; next: Cursor | undefined }>;
  /** The words of a kind whose texts have all of these parts, where large and small letters may be the same. */
  wordsHaving(
    workspaceId: string,
    kind: WordKind,
    parts: readonly string[],
  ): Promise<readonly { id: number; text: string }[]>;
}

export const MAX_ROWS = 10_000;
/** So many values has a statement at most. */
const AT_ONCE = 1_000;

export function createRowReads(parts: { db: Kysely<Database>; kind: EngineKind; reader: RowReader }): RowReads {
  const { db, kind, reader } = parts;
  const words = createWordFinder(db);
  const search = createRowSearch(db, kind, words);

  /** In the order of the positions; one that is not there is left out. */
  async function at(positions: readonly number[]): Promise<AuditRow[]> {
    const found = new Map<number, RowColumns>();
    for (let start = 0; start < positions.length; start += AT_ONCE) {
      const some = positions.slice(start, start + AT_ONCE);
      for (const row of await db.selectFrom('audit_rows').selectAll().where('position', 'in', some).execute())
        found.set(row.position, row);
    }
    return await reader.read(positions.flatMap((position) => found.get(position) ?? []));
  }

  const rowsOf = async ({ places, next }: FoundPlaces): Promise<{ rows: AuditRow[]; next: Cursor | undefined }> => ({
    rows: await at(places.map(({ position }) => position)),
    next,
  });

  const someIntents: RowReads['someIntents'] = async (query, budgetMs) => {
    const { rows, next } = await rowsOf(await search.find(KIND.intent, bounded(query), budgetMs));
    return { rows: rows.filter((row) => row.kind === 'intent' || row.kind === 'old'), next };
  };
  const someEvents: RowReads['someEvents'] = async (query, budgetMs) => {
    const { rows, next } = await rowsOf(await search.find(KIND.event, bounded(query), budgetMs));
    return { rows: rows.filter((row) => row.kind === 'event' || row.kind === 'old'), next };
  };
  const intents: RowReads['intents'] = async (query) => (await someIntents(query, Number.POSITIVE_INFINITY)).rows;

  async function withOutcomes(begun: readonly CallRow['intent'][]): Promise<CallRow[]> {
    const ends = await search.endsOf(begun.map(({ position }) => position));
    const outcomes = new Map((await at([...ends.values()])).map((row) => [row.position, row]));
    return begun.map((intent) => {
      const outcome = outcomes.get(ends.get(intent.position) ?? -1);
      const isOutcome = outcome?.kind === 'outcome' || outcome?.kind === 'old';
      return { intent, outcome: isOutcome ? outcome : null };
    });
  }

  return {
    intents,
    someIntents,
    someEvents,
    withOutcomes,
    calls: async (query) => await withOutcomes(await intents(query)),
    events: async (query) => (await someEvents(query, Number.POSITIVE_INFINITY)).rows,
    wordsHaving: (workspaceId, kind, parts) => words.having(kind, workspaceId, parts),
    async endedCalls(query) {
      const { workspaceId, since, before } = query;
      const limit = Math.min(query.limit, MAX_ROWS);
      const places = await search.ended(await words.ended(workspaceId, query), { since, before }, limit);
      const outcomes = await at(places.map(({ position }) => position));
      const begun = await callsOf(places.map(({ position }) => position));
      const rows = new Map((await at([...begun.values()])).map((row) => [row.position, row]));
      const calls = outcomes.flatMap((outcome): CallRow[] => {
        const intent = rows.get(begun.get(outcome.position) ?? -1);
        if (outcome.kind !== 'outcome' && outcome.kind !== 'old') return [];
        if (intent?.kind !== 'intent' && intent?.kind !== 'old') return [];
        return timeOf(intent.at) < since ? [] : [{ intent, outcome }];
      });
      return { calls, next: places.length < limit ? undefined : places.at(-1) };
    },
  };

  /** Of outcomes, where their calls have begun. */
  async function callsOf(positions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const calls = new Map<number, number>();
    for (let start = 0; start < positions.length; start += AT_ONCE) {
      const some = positions.slice(start, start + AT_ONCE);
      const query = db.selectFrom('audit_rows').select(['position', 'call']).where('position', 'in', some);
      for (const { position, call } of await query.execute()) if (call !== null) calls.set(position, call);
    }
    return calls;
  }
}

const bounded = (query: AuditQuery): AuditQuery => ({ ...query, limit: Math.max(0, Math.min(query.limit, MAX_ROWS)) });
