// Lists that can grow, all in one form: filters by the members of what is listed, a search of words, and pages by a cursor.
import { z } from 'zod';
import { endpoint, type Endpoint } from '../endpoint.ts';
import type { Access } from '../roles.ts';

/** How a list is cut and looked through. */
export interface Listing {
  /** What tells an item from the others; it never changes. */
  readonly key: string;
  /** The members in which `q` is looked for. */
  readonly texts: readonly string[];
  /** The members that items are picked by. */
  readonly filters: readonly string[];
}

export const PAGE_LIMIT = 1_000;

const PAGE = {
  q: z.string().min(1).max(200).optional().meta({ description: 'Only what has this text, in any case' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_LIMIT)
    .default(PAGE_LIMIT)
    .meta({ description: 'How many a page has at most' }),
  cursor: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'Where the page before it has ended: its `x-next-cursor`' }),
};

export type ListQuery<Filters extends z.ZodRawShape> = z.ZodObject<Filters & typeof PAGE, z.core.$strict>;

export type ListEndpoint<
  Item extends z.ZodType<object> = z.ZodType<object>,
  Filters extends z.ZodRawShape = z.ZodRawShape,
  Params extends z.ZodType = z.ZodType,
> = Endpoint<Params, ListQuery<Filters>, z.ZodUndefined, z.ZodArray<Item>> & { readonly listing: Listing };

const NO_PARAMS = z.strictObject({});

/** A filter says what it does unless it says so itself. */
function describedFilter(member: string, filter: z.core.$ZodType): z.core.$ZodType {
  if (!(filter instanceof z.ZodType) || filter.description !== undefined) return filter;
  return filter.meta({ description: `Only those whose \`${member}\` is this, or has it` });
}

/** `filters`: by the names of members of the items; `besides`: what else the list can be asked for. */
export function listEndpoint<
  Item extends z.ZodType<object>,
  const Filters extends z.ZodRawShape = Record<never, never>,
  const Besides extends z.ZodRawShape = Record<never, never>,
  Params extends z.ZodType = typeof NO_PARAMS,
>(definition: {
  name: string;
  path: string;
  summary: string;
  access?: Access;
  params?: Params;
  item: Item;
  key: string & keyof z.output<Item>;
  texts: readonly (string & keyof z.output<Item>)[];
  filters?: Filters;
  besides?: Besides;
}): ListEndpoint<Item, Filters & Besides, Params> {
  const { item, key, texts, filters, besides, params, ...rest } = definition;
  const described = Object.entries(filters ?? {}).map(([member, filter]) => [member, describedFilter(member, filter)]);
  const shape = { ...(Object.fromEntries(described) as Filters), ...besides, ...PAGE };
  const made = endpoint({
    ...rest,
    method: 'GET',
    // The default of the type parameter is the type of this value: it holds whenever the property was left out.
    params: params ?? (NO_PARAMS as unknown as Params),
    // TypeScript does not join the parts of a shape that it does not know.
    query: z.strictObject(shape) as unknown as ListQuery<Filters & Besides>,
    answer: z.array(item),
    pages: true,
  });
  return Object.assign(made, { listing: { key, texts, filters: Object.keys(filters ?? {}) } });
}
