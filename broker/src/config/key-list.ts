// All configuration keys as a flat list, read from the schema: flags and environment variables, the reference, and the hint for a mistyped
// key are made from it.
import { z } from 'zod';
import { keyOf, type Key } from './key.ts';
import { ConfigShape } from './schema.ts';

export interface ConfigKey extends Key {
  readonly path: readonly string[];
}

/** The schema inside of one that is optional or transformed. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema;
}

function walk(section: z.ZodObject, path: readonly string[]): ConfigKey[] {
  return Object.entries(section.shape).flatMap(([name, schema]) => {
    const key = keyOf(schema);
    if (key !== undefined) return [{ ...key, path: [...path, name] }];
    const inner = unwrap(schema);
    if (inner instanceof z.ZodObject) return walk(inner, [...path, name]);
    throw new Error(`the configuration key ${[...path, name].join('.')} is not declared as key.ts has it`);
  });
}

/** Every key, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = walk(ConfigShape, []);

/** The names of keys and sections below `path`. */
export function namesBelow(path: readonly string[]): string[] {
  const names = CONFIG_KEYS.filter((key) => path.every((part, index) => key.path[index] === part)).map(
    (key) => key.path[path.length],
  );
  return [...new Set(names.filter((name) => name !== undefined))];
}
