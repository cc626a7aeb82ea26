// What an unknown key of a configuration was meant to be: the names that its schema has at that place.
import { ConfigurationSchema } from 'mcpgate-shared/api/config/configuration';
import { nearest } from 'mcpgate-shared/nearest';
import { z } from 'zod';
import type { MistakePath } from '../../domain/mistake.ts';

/** The keys that may stand at this place, of all forms that it may have. */
function keysAt(path: MistakePath): string[] {
  let schemas: unknown[] = [ConfigurationSchema];
  for (const key of path) schemas = schemas.flatMap(open).flatMap((schema) => below(schema, key));
  return [
    ...new Set(
      schemas.flatMap(open).flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])),
    ),
  ];
}

export function unknownKey(path: MistakePath, key: string): string {
  const keys = keysAt(path);
  const near = nearest(key, keys);
  return `there is no ${JSON.stringify(key)} here${near === undefined ? `: write ${keys.join(', ')}` : `; did you mean ${near}?`}`;
}

/** What stands within what only says that it may be left out, or that it is one of several. */
function open(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return open(schema.def.innerType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(open);
  return [schema];
}

function below(schema: unknown, key: string | number): unknown[] {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? [schema.shape[key]] : [];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  return schema instanceof z.ZodArray ? [schema.element] : [];
}
