// The keys of the schema as a flat list: for the reference, for suggestions and for "not a section" errors.
import { z } from 'zod';
import { keyNotes, type KeyNote } from './key-notes.ts';
import { ConfigShape } from './schema.ts';

export interface ConfigKey {
  path: readonly string[];
  note: KeyNote;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap());
  return schema;
}

function walk(schema: z.ZodObject, path: readonly string[]): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([name, child]) => {
    const inner = unwrap(child);
    if (inner instanceof z.ZodObject) return walk(inner, [...path, name]);
    const note = child instanceof z.ZodType ? keyNotes.get(child) : undefined;
    if (note === undefined) throw new Error(`the configuration key ${[...path, name].join('.')} has no description`);
    return [{ path: [...path, name], note }];
  });
}

/** Every key, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return walk(ConfigShape, []);
}

/** The names that are known below `path`. */
export function namesBelow(path: readonly string[]): string[] {
  const names = configKeys()
    .filter((key) => path.every((part, index) => key.path[index] === part))
    .map((key) => key.path[path.length]);
  return [...new Set(names.filter((name) => name !== undefined))];
}
