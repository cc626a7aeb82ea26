// Carries out the lists: looks through what an operation lists, and cuts it into pages.
import type { ListEndpoint, Listing } from 'mcpgate-shared/api/lists/list-endpoint';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { pagedOperation, type Caller, type Operation } from '../operation.ts';

interface Asked {
  q?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** So many of the last items of a page are named, the last one first: where some go meanwhile, the next page follows the one that is still there. */
const NAMED = 4;
/** Where the page after it begins where none of these is there any more; and their keys. */
const CursorSchema = z.tuple([z.int().min(0), z.array(z.string().max(300)).min(1).max(NAMED)]);

function readCursor(text: string): z.output<typeof CursorSchema> {
  try {
    return CursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
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

/** The page of the list that is asked for. A cursor names the last items of the page before, because some may go meanwhile. */
function pageOf<Item extends object>(
  items: readonly Item[],
  { key, texts, filters }: Listing,
  asked: Asked & Readonly<Record<string, unknown>>,
): { items: Item[]; next: string | undefined } {
  const of = (item: Item, member: string): unknown => Reflect.get(item, member);
  const wanted = filters.filter((member) => asked[member] !== undefined);
  const words = asked.q?.toLowerCase();
  const found = items.filter(
    (item) =>
      wanted.every((member) => fits(of(item, member), asked[member])) &&
      (words === undefined || texts.some((member) => hasText(of(item, member), words))),
  );
  let start = 0;
  if (asked.cursor !== undefined) {
    const [index, named] = readCursor(asked.cursor);
    const places = new Map(found.map((item, place) => [String(of(item, key)), place]));
    const last = named.map((each) => places.get(each)).find((place) => place !== undefined);
    start = last === undefined ? index : last + 1;
  }
  const page = found.slice(start, start + asked.limit);
  const end = start + page.length;
  const goesOn = page.length > 0 && end < found.length;
  const named = found.slice(Math.max(0, end - NAMED), end).toReversed();
  const next = goesOn ? [end, named.map((item) => String(of(item, key)))] : undefined;
  return { items: page, next: next && Buffer.from(JSON.stringify(next)).toString('base64url') };
}

/** Of a list endpoint: `run` lists everything that the caller may see, always in the same order. */
export function listOperation<I extends z.ZodType<object>, F extends z.ZodRawShape, P extends z.ZodType>(
  endpoint: ListEndpoint<I, F, P>,
  run: (
    input: { params: z.output<P>; query: z.output<ListEndpoint<I, F, P>['query']> },
    caller: Caller,
  ) => Promise<readonly (z.input<I> & object)[]>,
): Operation {
  return pagedOperation(endpoint, async (input, caller) => {
    const all = await run(input, caller);
    // zod knows the shape of the query, and TypeScript does not: it is made of unknown parts.
    const asked = input.query as unknown as Asked & Record<string, unknown>;
    return pageOf(all, endpoint.listing, asked);
  });
}
