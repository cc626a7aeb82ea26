// The keys of the schema as a flat list: for flags and environment, for the reference, and for what a mistyped key may have meant.
import { z } from 'zod';
import { keyOf, type Key } from './key.ts';
import { ConfigShape } from './schema.ts';

export interface ConfigKey extends Key {
  readonly path: readonly string[];
}

/** What holds the keys of a section that may be left out, or that is turned into something else. */
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

/** The names that are known below `path`. */
export function namesBelow(path: readonly string[]): string[] {
  const names = CONFIG_KEYS.filter((key) => path.every((part, index) => key.path[index] === part)).map(
    (key) => key.path[path.length],
  );
  return [...new Set(names.filter((name) => name !== undefined))];
}
