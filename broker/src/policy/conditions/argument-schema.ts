// What the JSON schema of a tool says of its arguments, as far as conditions can be held against it. What it says in other words is taken for open.
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import type { ArgumentType } from './environments.ts';

export interface ArgumentSchema {
  /** `open`: an argument of that name may be there, although the schema does not name it. */
  has(path: readonly string[]): 'named' | 'missing' | 'open';
  /** The names beside the last one of the path. */
  beside(path: readonly string[]): readonly string[];
  /** Of an argument by its name. */
  typeOf(name: string): ArgumentType;
}

type Schema = Readonly<Record<string, unknown>>;

/** Keywords by which an object may have more members than its `properties`. */
const WIDENING = ['allOf', 'anyOf', 'oneOf', 'if', 'patternProperties', 'dependentSchemas', '$dynamicRef'];
const MOST_REFS = 10;

/** `input`: the `inputSchema` of a tool, as its server said it. */
export function argumentSchema(input: unknown): ArgumentSchema {
  const root = isRecord(input) ? input : {};

  /** Follows references within the schema. Undefined: it says nothing that can be read. */
  function resolved(schema: unknown): Schema | undefined {
    let found: unknown = schema;
    for (let round = 0; round < MOST_REFS; round++) {
      if (!isRecord(found)) return undefined;
      const ref = found['$ref'];
      if (ref === undefined) return found;
      if (typeof ref !== 'string' || !ref.startsWith('#')) return undefined;
      const parts = ref.slice(1).split('/').slice(1);
      found = parts.reduce<unknown>(
        (at, part) => (isRecord(at) ? own(at, part.replaceAll('~1', '/').replaceAll('~0', '~')) : undefined),
        root,
      );
    }
    return undefined;
  }

  function step(schema: Schema | undefined, name: string): Schema | 'missing' | 'open' {
    const properties = schema?.['properties'];
    if (schema === undefined || !isRecord(properties)) return 'open';
    const found = own(properties, name);
    if (found !== undefined) return resolved(found) ?? {};
    const more = schema['additionalProperties'];
    const isOpen = WIDENING.some((word) => word in schema) || (more !== undefined && more !== false);
    return isOpen ? 'open' : 'missing';
  }

  function walk(path: readonly string[]): Schema | 'missing' | 'open' {
    let at: Schema | undefined = resolved(root);
    for (const name of path) {
      const next = step(at, name);
      if (typeof next === 'string') return next;
      at = next;
    }
    return at ?? 'open';
  }

  return {
    has(path) {
      const found = walk(path);
      return typeof found === 'string' ? found : 'named';
    },
    beside(path) {
      const found = walk(path.slice(0, -1));
      return typeof found === 'string' || !isRecord(found['properties']) ? [] : Object.keys(found['properties']);
    },
    typeOf(name) {
      const found = walk([name]);
      return typeof found === 'string' ? 'any' : typeIn(found, resolved(found['items']));
    },
  };
}

function own(of: Schema, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

const SCALARS: ReadonlyMap<unknown, ArgumentType> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['integer', 'number'],
  ['boolean', 'bool'],
]);
const LISTS: ReadonlyMap<ArgumentType | undefined, ArgumentType> = new Map([
  ['string', 'strings'],
  ['number', 'numbers'],
]);

function typeIn(schema: Schema, items: Schema | undefined): ArgumentType {
  if (WIDENING.some((word) => word in schema)) return 'any';
  if (schema['type'] === 'array') return LISTS.get(SCALARS.get(items?.['type'])) ?? 'any';
  return SCALARS.get(schema['type']) ?? 'any';
}
