// Carries out the lists: looks through what an operation lists, and cuts it into pages. A list that may be long is read part by part, and never as a whole.
import { createHash } from 'node:crypto';
import type { ListEndpoint, Listing } from 'mcpgate-shared/api/lists/list-endpoint';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { Part } from '../../domain/bounds/part.ts';
import { pagedOperation, type Caller, type Operation } from '../operation.ts';

interface Asked {
  q?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

interface Cut<Item> {
  items: Item[];
  next: string | undefined;
}

/** So many of the last items of a page are named, the last one first: where some go meanwhile, the next page follows the one that is still there. */
const NAMED = 4;
const MOST_OF_KEY = 128;
/** Where the page after it begins where none of these is there any more; and their keys. */
const CutSchema = z.tuple([z.int().min(0), z.array(z.string().max(MOST_OF_KEY)).min(1).max(NAMED)]);

/** The cursor of a list says of which one it is: in another it would lead somewhere. */
const writeCursor = (list: string, place: unknown): string =>
  Buffer.from(JSON.stringify([list, place])).toString('base64url');

/** No place has this character, and PostgreSQL takes no text that has. */
function withoutNul(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0')) throw new RangeError('it holds U+0000');
  return value;
}

function readCursor<Place>(list: string, text: string, schema: z.ZodType<Place>): Place {
  try {
    const [, place] = z
      .tuple([z.literal(list), schema])
      .parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'), withoutNul));
    return place;
  } catch {
    throw new GateError('usage', 'cursor: it is none that a page of this list ended with');
  }
}

const fits = (value: unknown, wanted: unknown): boolean =>
  Array.isArray(value) ? value.some((each) => fits(each, wanted)) : String(value) === String(wanted);

/** `words`: in lower case. */
const hasText = (value: unknown, words: string): boolean =>
  Array.isArray(value)
    ? value.some((each) => hasText(each, words))
    : typeof value === 'string' && value.toLowerCase().includes(words);

/** A key as cursors have it: names of what servers offer can be longer than an address may be. */
function keyText(key: unknown): string {
  const text = String(key);
  return text.length <= MOST_OF_KEY ? text : createHash('sha256').update(text).digest('base64url');
}

const memberOf = (item: object, member: string): unknown => Reflect.get(item, member);

/** Whether an item is among those that are asked for; undefined: every one is. */
function chooserOf(
  { texts, filters }: Listing,
  asked: Asked & Readonly<Record<string, unknown>>,
): ((item: object) => boolean) | undefined {
  const wanted = filters.filter((member) => asked[member] !== undefined);
  const words = asked.q?.toLowerCase();
  if (wanted.length === 0 && words === undefined) return undefined;
  return (item) =>
    wanted.every((member) => fits(memberOf(item, member), asked[member])) &&
    (words === undefined || texts.some((member) => hasText(memberOf(item, member), words)));
}

/** The page of the list that is asked for. A cursor names the last items of the page before, because some may go meanwhile. */
function pageOf<Item extends object>(
  all: readonly Item[],
  { name, listing }: Pick<ListEndpoint, 'name' | 'listing'>,
  asked: Asked & Readonly<Record<string, unknown>>,
): Cut<Item> {
  const isWanted = chooserOf(listing, asked);
  const found = isWanted === undefined ? all : all.filter(isWanted);
  const keyOf = (item: Item): string => keyText(memberOf(item, listing.key));
  let start = 0;
  if (asked.cursor !== undefined) {
    const [index, named] = readCursor(name, asked.cursor, CutSchema);
    const places = new Map(found.map((item, place) => [keyOf(item), place]));
    const last = named.map((each) => places.get(each)).find((place) => place !== undefined);
    start = last === undefined ? index : last + 1;
  }
  const page = found.slice(start, start + asked.limit);
  const end = start + page.length;
  const goesOn = page.length > 0 && end < found.length;
  const named = found.slice(Math.max(0, end - NAMED), end).toReversed();
  return { items: page, next: goesOn ? writeCursor(name, [end, named.map(keyOf)]) : undefined };
}

/** Of a list endpoint: `run` lists everything that the caller may see, always in the same order. For what is few, or in memory as a whole anyway. */
export function listOperation<I extends z.ZodType<object>, F extends z.ZodRawShape, P extends z.ZodType>(
  endpoint: ListEndpoint<I, F, P>,
  run: (
    input: { params: z.output<P>; query: z.output<ListEndpoint<I, F, P>['query']> },
    caller: Caller,
  ) => Promise<readonly (z.input<I> & object)[]>,
): Operation {
  return pagedOperation(endpoint, async (input, caller) => {
    const all = await run(input, caller);
    return pageOf(all, endpoint, askedOf(input));
  });
}

/** So many rows are looked through at a time at most, and so many for one page: who looks for a needle is told to go on, instead of holding everybody up. */
const PART_ROWS = 1_000;
const MOST_ROWS = 20_000;

export interface Row<Item, Place> {
  /** Undefined: it is not for the caller. */
  item: Item | undefined;
  /** Where it stands in the order of the list. */
  place: Place;
}

/** Reads the rows of a part, in the order of the list. Fewer than `limit`: the list ends there; more are taken, too. */
export type ReadRows<Item, Place> = (part: Part<Place>) => Promise<readonly Row<Item, Place>[]>;

/** Of a list endpoint whose rows are read part by part. `place`: the form of a place in its order; `open`: what is the same for every part is asked once. */
export function longListOperation<I extends z.ZodType<object>, F extends z.ZodRawShape, P extends z.ZodType, Place>(
  endpoint: ListEndpoint<I, F, P>,
  place: z.ZodType<Place>,
  open: (
    input: { params: z.output<P>; query: z.output<ListEndpoint<I, F, P>['query']> },
    caller: Caller,
  ) => ReadRows<z.input<I> & object, Place> | Promise<ReadRows<z.input<I> & object, Place>>,
): Operation {
  const { name, listing } = endpoint;
  return pagedOperation(endpoint, async (input, caller) => {
    const asked = askedOf(input);
    const isWanted = chooserOf(listing, asked);
    let after = asked.cursor === undefined ? undefined : readCursor(name, asked.cursor, place);
    const readRows = await open(input, caller);
    const items: (z.input<I> & object)[] = [];
    // One more than is asked for says that the list goes on. Where few of them are wanted, more are read at a time.
    let limit = asked.limit + 1;
    for (let read = 0; read < MOST_ROWS; limit = Math.min(2 * limit, PART_ROWS)) {
      const rows = await readRows({ after, limit });
      for (const row of rows) {
        const { item } = row;
        if (item !== undefined && isWanted?.(item) !== false) {
          if (items.length === asked.limit) return { items, next: writeCursor(name, after) };
          items.push(item);
        }
        after = row.place;
      }
      if (rows.length < limit) return { items, next: undefined };
      read += rows.length;
    }
    return { items, next: writeCursor(name, after) };
  });
}

/** The form of a place in the order of time. */
export const InTimeSchema = z.strictObject({ at: z.int(), id: z.string().max(100) });
/** The form of a place in the order of names. */
export const ByNameSchema = z.string().max(300);

// zod knows the shape of the query, and TypeScript does not: it is made of unknown parts.
const askedOf = ({ query }: { query: unknown }): Asked & Readonly<Record<string, unknown>> =>
  query as Asked & Record<string, unknown>;
