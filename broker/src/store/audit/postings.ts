// Where rows of the audit log stand that an index leads to, the newest first: for one key of the index or for thousands, in a few statements, each of which
// reads no more of the index than what may come into the answer.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Moment } from '../../domain/record-id.ts';
import type { EngineKind } from '../engine.ts';
import type { Database } from '../schema.ts';
import { bodySql } from './body-words.ts';
import type { Cursor } from './row.ts';

export type Condition = RawBuilder<boolean>;
export type Place = Cursor;

/** By what an index of a kind of rows leads to them. `old`: rows of format 1 by who acted, and of a workspace. */
export type Facet =
  | 'workspace'
  | 'actor'
  | 'subject'
  | 'server'
  | 'tool'
  | 'facts'
  | 'caller'
  | 'policy'
  | 'session'
  | 'oldActor'
  | 'old';

/** Rows by some keys of one index, between two moments where these are said. Words that came last have the newest rows: their keys are the first. */
export interface Source {
  by: Facet;
  keys: readonly (number | Uint8Array)[];
  from?: Moment;
  until?: Moment;
}

/** Which rows of all that the sources have. */
export interface Window {
  since?: Moment | undefined;
  until?: Moment | undefined;
  before?: Cursor | undefined;
  /** With it the oldest come first. */
  after?: Cursor | undefined;
}

export interface Postings {
  /** At most `limit` places, in order. */
  first(kind: number, sources: readonly Source[], window: Window, limit: number): Promise<Place[]>;
  /** How many rows there are, counted up to `most` for each source. */
  count(kind: number, sources: readonly Source[], window: Window, most: number): Promise<number>;
  /** Those of the places whose rows fulfil all conditions. */
  sift(places: readonly Place[], conditions: readonly Condition[]): Promise<Place[]>;
  /** That a row is one of those that the sources have. */
  isOf(sources: readonly Source[]): Condition;
  /** Where the calls have begun that have ended so; as `first`. All of these ends are looked at. */
  begun(facts: readonly number[], window: Window, limit: number): Promise<Place[]>;
  /** That a call has ended so; `isOpen`: or has no end. */
  hasEnded(facts: readonly number[], isOpen: boolean): Condition;
  /** Of calls that began at these positions, where their outcomes stand. */
  endsOf(calls: readonly number[]): Promise<ReadonlyMap<number, number>>;
}

/** So many places are read by one statement at most, as long as nothing says how far back the answer goes. */
const MOST_READ = 50_000;
const MOST_KEYS = 1_000;
const FIRST_KEYS = 16;

export function createPostings(db: Kysely<Database>, engine: EngineKind): Postings {
  const body = bodySql(engine);
  const column = (by: Facet): RawBuilder<unknown> => {
    if (by === 'caller' || by === 'policy' || by === 'session') return sql.raw(body[by]);
    if (by === 'oldActor') return sql.ref('actor');
    return sql.ref(by === 'old' ? 'workspace' : by);
  };
  const partial = (by: Facet): Condition[] => (by === 'old' || by === 'oldActor' ? [sql.raw(body.isOld)] : []);
  const isBytes = ([key]: Source['keys']): boolean => typeof key === 'object';

  const hexes = (keys: Source['keys']): string =>
    JSON.stringify(keys.map((key) => (typeof key === 'number' ? key : Buffer.from(key).toString('hex'))));
  const array = (keys: Source['keys'], numbers: 'int' | 'bigint' = 'int'): RawBuilder<unknown> =>
    sql`${sql.val(keys.map((key) => (typeof key === 'number' ? key : Buffer.from(key))))}::${sql.raw(isBytes(keys) ? 'bytea' : numbers)}[]`;

  /** The keys as rows with the column `value`, to stand behind FROM. */
  function keyRows(keys: Source['keys'], numbers: 'int' | 'bigint' = 'int'): RawBuilder<unknown> {
    if (engine === 'postgres') return sql`unnest(${array(keys, numbers)}) as keys(value)`;
    return sql`(select ${sql.raw(isBytes(keys) ? 'unhex(value)' : 'value')} as value from json_each(${hexes(keys)})) as keys`;
  }
  const among = ({ by, keys }: Source, of = column(by)): Condition =>
    engine === 'postgres'
      ? sql<boolean>`${of} = any(${array(keys)})`
      : sql<boolean>`${of} in (select value from ${keyRows(keys)})`;

  function within({ since, until, before, after }: Window, { from, until: end }: Pick<Source, 'from' | 'until'> = {}) {
    const least = Math.max(since ?? 0, from ?? 0);
    const most = Math.min(until ?? Number.MAX_SAFE_INTEGER, end ?? Number.MAX_SAFE_INTEGER);
    return [
      ...(least === 0 ? [] : [sql<boolean>`at >= ${least}`]),
      ...(most === Number.MAX_SAFE_INTEGER ? [] : [sql<boolean>`at < ${most}`]),
      ...(before === undefined ? [] : [sql<boolean>`(at, position) < (${before.at}, ${before.position})`]),
      ...(after === undefined ? [] : [sql<boolean>`(at, position) > (${after.at}, ${after.position})`]),
    ];
  }

  /** The first places of each key. */
  async function ofKeys(kind: number, source: Source, window: Window, limit: number): Promise<Place[]> {
    const order = window.after === undefined ? sql`at desc, position desc` : sql`at, position`;
    // The kind is written literally, as in the partial indexes, so that these are used.
    const where = sql.join(
      [
        sql<boolean>`kind = ${sql.lit(kind)}`,
        sql<boolean>`${column(source.by)} = keys.value`,
        ...partial(source.by),
        ...within(window, source),
      ],
      sql` and `,
    );
    if (engine === 'postgres') {
      // In the order that the index has, so that it is walked to the last of them, and not one is sorted.
      const by = window.after === undefined ? sql`at desc` : sql`at`;
      const ofKey = sql`select at, position from audit_rows where ${where}
        order by ${by} fetch first ${sql.lit(limit)} rows with ties`;
      const { rows } = await sql<Place>`
        select found.at, found.position from ${keyRows(source.keys)}
        cross join lateral (${ofKey}) as found order by ${order} limit ${sql.lit(limit)}`.execute(db);
      return rows;
    }
    const ofKey = sql`select at, position from audit_rows where ${where} order by ${order} limit ${sql.lit(limit)}`;
    const { rows } = await sql<{ places: string }>`
      select (select json_group_array(json_array(at, position)) from (${ofKey})) as places
      from ${keyRows(source.keys)}`.execute(db);
    // The statement above has made the text, and there may be ten thousands: they are not parsed one by one.
    return rows.flatMap(({ places }) =>
      (JSON.parse(places) as [number, number][]).map(([at, position]) => ({ at, position })),
    );
  }

  return {
    async first(kind, sources, window, limit) {
      const isRising = window.after !== undefined;
      let best: Place[] = [];
      for (const source of sources) {
        const { keys } = source;
        let atOnce = FIRST_KEYS;
        for (let at = 0; at < keys.length;) {
          // With the answer full, of the other keys only what is newer is read.
          const end = best.length < limit ? undefined : best.at(-1);
          const bound = end === undefined ? window : boundBy(window, end);
          const count = end === undefined ? Math.max(1, Math.min(atOnce, Math.floor(MOST_READ / limit))) : MOST_KEYS;
          const found = await ofKeys(kind, { ...source, keys: keys.slice(at, at + count) }, bound, limit);
          best = joined(best, found, isRising).slice(0, limit);
          at += count;
          atOnce = Math.min(atOnce * 4, MOST_KEYS);
        }
      }
      return best;
    },
    async count(kind, sources, window, most) {
      let count = 0;
      for (const source of sources) {
        if (source.keys.length === 0) continue;
        const conditions = [
          sql<boolean>`kind = ${sql.lit(kind)}`,
          among(source),
          ...partial(source.by),
          ...within(window, source),
        ];
        const { rows } = await sql<{ count: number }>`
          select count(*) as count from (
            select 1 from audit_rows where ${sql.join(conditions, sql` and `)} limit ${sql.lit(most)}
          ) as found`.execute(db);
        count += rows[0]?.count ?? 0;
      }
      return count;
    },
    async sift(places, conditions) {
      if (places.length === 0 || conditions.length === 0) return [...places];
      const positions = places.map(({ position }) => position);
      // In this order, so that rows are looked at where they stand, and no index is walked for them.
      const { rows } = await sql<Place>`
        select at, position from ${keyRows(positions, 'bigint')}
        cross join audit_rows where position = keys.value and ${sql.join(conditions, sql` and `)}`.execute(db);
      return rows;
    },
    isOf(sources) {
      const ways = sources.map((source) => {
        const conditions = [...(source.by === 'old' ? [] : [among(source)]), ...partial(source.by)];
        return sql<boolean>`(${sql.join([...conditions, ...within({}, source)], sql` and `)})`;
      });
      return ways.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`(${sql.join(ways, sql` or `)})`;
    },
    async begun(facts, window, limit) {
      const order = window.after === undefined ? sql`at desc, position desc` : sql`at, position`;
      const { since } = window;
      const ends = [sql<boolean>`kind = 2`, among({ by: 'facts', keys: facts }), ...within({ since })];
      const calls = sql`select call from audit_rows where ${sql.join(ends, sql` and `)}`;
      const conditions = sql.join([sql<boolean>`position in (${calls})`, ...within(window)], sql` and `);
      const { rows } = await sql<Place>`
        select at, position from audit_rows where ${conditions} order by ${order} limit ${sql.lit(limit)}`.execute(db);
      return rows;
    },
    hasEnded(facts, isOpen) {
      // One value of one row, so that it is looked up for each call that is looked at, and never all ends of that kind.
      const end = sql`(select facts from audit_rows as ends where ends.kind = 2 and ends.call = audit_rows.position limit 1)`;
      const so = among({ by: 'facts', keys: facts }, end);
      return isOpen ? sql<boolean>`(${so} or ${end} is null)` : so;
    },
    async endsOf(calls) {
      if (calls.length === 0) return new Map();
      const ends = sql`select call, position from audit_rows where kind = 2 and call = keys.value`;
      const { rows } =
        engine === 'postgres'
          ? await sql<{ call: number; position: number }>`
              select ends.call, ends.position from ${keyRows(calls, 'bigint')} cross join lateral (${ends} offset 0) as ends`.execute(
              db,
            )
          : await sql<{ call: number; position: number }>`
              select call, position from ${keyRows(calls)} cross join audit_rows where kind = 2 and call = keys.value`.execute(
              db,
            );
      return new Map(rows.map(({ call, position }) => [call, position]));
    },
  };
}

function boundBy({ since, until, before, after }: Window, end: Place): Window {
  // Rows of the last millisecond of what is known may still come before it.
  return after === undefined
    ? { since: Math.max(since ?? 0, end.at), until, before }
    : { since, until: Math.min(until ?? Number.MAX_SAFE_INTEGER, end.at + 1), after };
}

function joined(one: readonly Place[], other: readonly Place[], isRising: boolean): Place[] {
  const all = new Map([...one, ...other].map((place) => [place.position, place]));
  const sign = isRising ? 1 : -1;
  return [...all.values()].sort((a, b) => sign * (a.at - b.at || a.position - b.position));
}
