// Lists in pages, and resources cut to the attributes that are asked for (RFC 7644, sections 3.4.2 and 3.9).
import { z } from 'zod';
import { badRequest } from './scim-error.ts';

export const MAX_RESULTS = 200;
const DEFAULT_RESULTS = 100;

const number = z.coerce.number().int();
const QuerySchema = z.object({
  filter: z.string().optional(),
  // Less than the least counts as the least: so the RFC says.
  startIndex: number.default(1).transform((index) => Math.max(1, index)),
  count: number.default(DEFAULT_RESULTS).transform((count) => Math.min(Math.max(0, count), MAX_RESULTS)),
  attributes: z.string().optional(),
  excludedAttributes: z.string().optional(),
});
export type ListQuery = z.output<typeof QuerySchema>;

export function readQuery(query: unknown): ListQuery {
  const parsed = QuerySchema.safeParse(query);
  if (!parsed.success) throw badRequest('invalidValue', 'startIndex and count must be whole numbers');
  return parsed.data;
}

const namesIn = (list: string): Set<string> =>
  new Set(list.split(',').map((name) => (name.trim().split(/[.[]/, 1)[0] ?? '').toLowerCase()));

/** Whether an attribute is wanted; `schemas` and `id` always are. */
export function wants({ attributes, excludedAttributes }: Partial<ListQuery>, attribute: string): boolean {
  const name = attribute.toLowerCase();
  if (name === 'schemas' || name === 'id') return true;
  if (attributes !== undefined && attributes !== '') return namesIn(attributes).has(name);
  return excludedAttributes === undefined || !namesIn(excludedAttributes).has(name);
}

export function cut(resource: Readonly<Record<string, unknown>>, query: Partial<ListQuery>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => wants(query, name)));
}

export function listResponse(
  total: number,
  resources: readonly Readonly<Record<string, unknown>>[],
  { startIndex }: Pick<ListQuery, 'startIndex'>,
): Record<string, unknown> {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
