// Searches the rows of the audit log. What is asked for is turned into numbers of words first, so that what no row says is answered at once. The filter with
// the fewest rows leads, by its index; its rows are looked through for the others, in steps and for no longer than a part of a search may take.
import type { Kysely } from 'kysely';
import { momentOf } from '../../domain/record-id.ts';
import { otherNamesOf } from '../repositories/servers/server-names.ts';
import type { EngineKind } from '../engine.ts';
import type { Database } from '../schema.ts';
import { sessionKey, wordKey } from './body-words.ts';
import {
  createPostings,
  type Condition,
  type Facet,
  type Place,
  type Postings,
  type Source,
  type Window,
} from './postings.ts';
import { KIND } from './row-columns.ts';
import type { AuditQuery, Cursor } from './row.ts';
import type { WordFinder } from './word-finder.ts';
import { WORD, type WordKind } from './words.ts';

type RowKind = typeof KIND.intent | typeof KIND.event;

/** A filter: where its rows stand, and how each of them is known. */
interface Filter {
  sources: readonly Source[];
  is: Condition;
}

/** `next`: where the search goes on; undefined at its end. */
export interface FoundPlaces {
  places: Place[];
  next: Cursor | undefined;
}

export interface RowSearch {
  /** After `budgetMs` it ends with what there is, and says where it goes on. */
  find(kind: RowKind, query: AuditQuery, budgetMs: number): Promise<FoundPlaces>;
  /** Of calls that began at these positions, where their outcomes stand. */
  endsOf: Postings['endsOf'];
  /** Places of the outcomes with these words, the newest first. `since`: ms. */
  ended(words: readonly number[], of: { since: number; before?: Cursor | undefined }, limit: number): Promise<Place[]>;
}

/** Of rows that are looked through, so many at a time. */
const STEP = 1_000;
/** With fewer rows than these a filter is taken for one that has few. */
const FEW = 5_000;

export function createRowSearch(db: Kysely<Database>, engine: EngineKind, words: WordFinder): RowSearch {
  const postings = createPostings(db, engine);
  return {
    endsOf: (calls) => postings.endsOf(calls),
    ended: (ids, { since, before }, limit) =>
      postings.first(KIND.outcome, [{ by: 'facts', keys: newestFirst(ids) }], windowOf({ since, before }), limit),
    async find(kind, query, budgetMs) {
      const { workspaceId, limit, ended } = query;
      const began = performance.now();
      const workspace = await words.find(WORD.workspace, '', workspaceId);
      const asked =
        workspace === undefined ? undefined : await filtersOf(db, postings, words, { kind, workspace, query });
      if (workspace === undefined || asked === undefined || limit === 0) return { places: [], next: undefined };
      const { filters, always } = asked;
      const all: Source = { by: 'workspace', keys: [workspace] };
      const window = windowOf(query);
      const lead = await leading(postings, kind, { filters, all, ended, window });
      const conditions = [
        ...always,
        ...filters.filter((filter) => filter !== lead.filter).map(({ is }) => is),
        ...(ended === undefined || lead.isByEnd ? [] : [postings.hasEnded(ended.facts, ended.isOpen)]),
      ];

      const places: Place[] = [];
      let from: Window = window;
      for (;;) {
        const step = conditions.length === 0 ? limit - places.length : STEP;
        const found = await lead.first(from, step);
        const fitting = new Set((await postings.sift(found, conditions)).map(({ position }) => position));
        places.push(...found.filter(({ position }) => fitting.has(position)));
        const last = found.at(-1);
        if (places.length >= limit) return { places: places.slice(0, limit), next: places[limit - 1] };
        if (last === undefined || found.length < step) return { places, next: undefined };
        if (performance.now() - began >= budgetMs) return { places, next: last };
        from = window.after === undefined ? { ...window, before: last } : { ...window, after: last };
      }
    },
  };
}

interface Lead {
  /** What it leaves out needs no condition. */
  filter: Filter | undefined;
  isByEnd: boolean;
  first(window: Window, limit: number): Promise<Place[]>;
}

/** Of the filters the one that has the fewest rows, of which no more are counted than what makes few. */
async function leading(
  postings: Postings,
  kind: RowKind,
  {
    filters,
    all,
    ended,
    window,
  }: { filters: readonly Filter[]; all: Source; ended: AuditQuery['ended']; window: Window },
): Promise<Lead> {
  const by = (filter: Filter | undefined): Lead => ({
    filter,
    isByEnd: false,
    first: (of, limit) => postings.first(kind, filter?.sources ?? [all], of, limit),
  });
  const [only, ...more] = filters;
  const isEndFew = ended !== undefined && !ended.isOpen;
  if (more.length === 0 && !isEndFew) return by(only);
  let [lead, fewest] = [only, Number.POSITIVE_INFINITY];
  for (const filter of filters) {
    const count = await postings.count(kind, filter.sources, window, FEW);
    if (count < fewest) [lead, fewest] = [filter, count];
    if (fewest === 0) break;
  }
  if (ended === undefined || !isEndFew || fewest < STEP) return by(lead);
  const ends: Source = { by: 'facts', keys: ended.facts };
  const count = await postings.count(
    KIND.outcome,
    [ends],
    window.since === undefined ? {} : { since: window.since },
    FEW,
  );
  if (count >= Math.min(FEW, fewest)) return by(lead);
  return { filter: undefined, isByEnd: true, first: (of, limit) => postings.begun(ended.facts, of, limit) };
}

interface Asked {
  kind: RowKind;
  workspace: number;
  query: AuditQuery;
}

/** Undefined where no row can fit. `always`: what rows must be besides; words are of one workspace, and sessions may be of any. */
async function filtersOf(
  db: Kysely<Database>,
  postings: Postings,
  words: WordFinder,
  { kind, workspace, query }: Asked,
): Promise<{ filters: Filter[]; always: Condition[] } | undefined> {
  const { workspaceId, user, tool, server, type, subject, text, callers, policies, session } = query;
  const always: Condition[] = [];
  const isIntent = kind === KIND.intent;
  const filters: Filter[] = [];
  let [isNone, isByOwn] = [false, false];
  const add = (sources: readonly Source[]): void => {
    const some = sources.filter(({ keys }) => keys.length > 0);
    if (some.length === 0) isNone = true;
    else filters.push({ sources: some, is: postings.isOf(some) });
  };
  const equal = async (by: Facet, word: WordKind, of: string): Promise<Source> => {
    const id = await words.find(word, workspaceId, of);
    return { by, keys: id === undefined ? [] : [id] };
  };
  const like = async (by: Facet, word: WordKind, pattern: string): Promise<Source> => ({
    ...{ by, keys: newestFirst(await words.matching(word, workspaceId, pattern)) },
  });
  /** No index leads to what the body of a row of format 1 says: all of them are looked through, by whoever reads what they say. */
  const inBody = (by: Facet, keys: Source['keys']): void =>
    add([
      { by, keys },
      { by: 'old', keys: [workspace] },
    ]);

  if (user !== undefined) {
    const acted = await equal('actor', WORD.actor, user);
    const own = isIntent && acted.keys.length > 0 ? await words.callersOf(workspaceId, user) : undefined;
    if (!isIntent) add([acted, await equal('subject', WORD.subject, `user:${user}`)]);
    else if (acted.keys.length === 0) isNone = true;
    else if (own === undefined) always.push(postings.isOf([acted]));
    else {
      const isAsked = new Set(callers ?? own);
      add([callerKeys(own.filter((id) => isAsked.has(id))), { by: 'oldActor', keys: acted.keys }]);
      isByOwn = true;
    }
  }
  if (tool !== undefined) add(isIntent ? [await like('tool', WORD.tool, tool)] : []);
  if (type !== undefined) add(isIntent ? [] : [await like('facts', WORD.type, type)]);
  if (subject !== undefined) add(isIntent ? [] : [await equal('subject', WORD.subject, subject)]);
  if (text !== undefined) {
    const part = `*${text}*`;
    if (isIntent) add([await like('tool', WORD.tool, part)]);
    else add([await like('facts', WORD.type, part), await like('subject', WORD.subject, part)]);
  }
  if (server !== undefined) {
    const named = async (name: string): Promise<Source> =>
      isIntent ? await equal('server', WORD.server, name) : await equal('subject', WORD.subject, `server:${name}`);
    const spans = [await named(server)];
    for (const { name, from, until } of await otherNamesOf(db, workspaceId, server))
      spans.push({ ...(await named(name)), from: momentIn(from), until: momentIn(until) });
    add(spans);
  }
  if (callers !== undefined && !isByOwn) inBody('caller', newestFirst(callers).map(wordKey));
  if (policies !== undefined) inBody('policy', newestFirst(policies).map(wordKey));
  const key = session === undefined ? undefined : sessionKey(session);
  if (key !== undefined) {
    inBody('session', [key]);
    always.push(postings.isOf([{ by: 'workspace', keys: [workspace] }]));
  }
  return isNone ? undefined : { filters, always };
}

const newestFirst = (ids: readonly number[]): number[] => ids.toSorted((a, b) => b - a);
const callerKeys = (ids: readonly number[]): Source => ({ by: 'caller', keys: newestFirst(ids).map(wordKey) });

function windowOf({ since, until, before, after }: Pick<AuditQuery, 'since' | 'until' | 'before' | 'after'>): Window {
  return {
    ...{ before, after },
    ...{
      since: since === undefined ? undefined : momentIn(since),
      until: until === undefined ? undefined : momentIn(until),
    },
  };
}

/** Times that no row can have are taken for the last one. */
const momentIn = (ms: number): number => Math.min(momentOf(Math.max(ms, 0)), Number.MAX_SAFE_INTEGER);
