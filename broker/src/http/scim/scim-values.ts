// Values of attributes, checked: a text of a bounded length, a list of objects.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { badRequest } from './scim-error.ts';

const MAX_CHARS = 512;
const MAX_ITEMS = 5_000;
const ItemSchema = z.record(z.string(), z.unknown());

/** Not empty. */
export function textOf(value: unknown, attribute: string): string {
  const text = textOrNull(value, attribute);
  if (text === null) throw badRequest('invalidValue', `${attribute} must not be empty`);
  return text;
}

/** Null for what is empty. */
export function textOrNull(value: unknown, attribute: string): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' && value.length <= MAX_CHARS) return value;
  throw badRequest('invalidValue', `${attribute} must be a text of at most ${MAX_CHARS} characters`);
}

/** A list of objects; some IdPs send a single one without the list. */
export function itemsOf(value: unknown, attribute: string): Record<string, unknown>[] {
  if (value === null || value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_ITEMS)
    throw new GateError('too_large', `${attribute} has ${list.length} values; send at most ${MAX_ITEMS} in a request`);
  const items = z.array(ItemSchema).safeParse(list);
  if (!items.success) throw badRequest('invalidValue', `${attribute} must be a list of objects`);
  return items.data;
}
