// Repairs an entry of a server's list for AI clients: with one entry that the official SDKs refuse, a client would lose the tools of all servers.
// Wrong optional members are dropped, others are repaired where that is safe. An entry that cannot be repaired is left out, with a reason.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { z } from 'zod';
import { isRecord, parseRecord } from '../../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import { isCompilable } from './compilable-schema.ts';
import { ANY_SCHEMA, OBJECT_SCHEMA, PROPERTIES_AS_OBJECTS } from './schema-shape.ts';
import {
  BOOLEAN,
  isWhat,
  kindOf,
  listOf,
  NUMBER,
  OBJECT,
  objectOf,
  oneOf,
  STRING,
  withMember,
  type Note,
  type Shape,
} from './shape.ts';

export interface TidyEntry {
  key: string;
  /** The entry as JSON text; to the letter what the server sent where nothing is wrong. */
  text: string;
  /** The entry for clients up to 2025-11-25, where they cannot take `text`. */
  legacyText: string | undefined;
  /** What was wrong and has been repaired, a line each. */
  faults: readonly string[];
  /** What is wrong for clients up to 2025-11-25 alone, and no fault of a modern server; a line each. */
  legacyFaults: readonly string[];
}

/** Length of an entry; no honest entry is longer, and many clients cannot take a longer one. */
const MAX_CHARS = 256 * 1024;
/** Nesting of an entry: SDKs walk through schemas recursively, and a deep one would overflow their stack. */
const MAX_DEPTH = 100;

const DATE = z.iso.datetime({ offset: true });
export const ANNOTATIONS = objectOf(
  new Map<string, Shape>([
    ['audience', listOf(oneOf('user', 'assistant'))],
    [
      'priority',
      (text) => (NUMBER(text, []) !== undefined && Number(text) >= 0 && Number(text) <= 1 ? text : undefined),
    ],
    [
      'lastModified',
      (text) => (kindOf(text) === 'string' && DATE.safeParse(JSON.parse(text)).success ? text : undefined),
    ],
  ]),
);
const ICON_MEMBERS = objectOf(
  new Map<string, Shape>([
    ['src', STRING],
    ['mimeType', STRING],
    ['sizes', (text, notes) => (kindOf(text) === 'string' ? `[${text}]` : listOf(STRING)(text, notes))],
    ['theme', oneOf('light', 'dark')],
  ]),
);
export const ICON: Shape = (text, notes) => {
  const good = ICON_MEMBERS(text, notes);
  return good !== undefined && has(good, 'src') ? good : undefined;
};
const ARGUMENT_MEMBERS = objectOf(
  new Map([
    ['name', STRING],
    ['title', STRING],
    ['description', STRING],
    ['required', BOOLEAN],
  ]),
);
const ARGUMENT: Shape = (text, notes) => {
  const good = ARGUMENT_MEMBERS(text, notes);
  return good !== undefined && has(good, 'name') ? good : undefined;
};
/** What entries of every kind may have. */
const COMMON: readonly (readonly [string, Shape])[] = [
  ['title', STRING],
  ['description', STRING],
  ['icons', listOf(ICON)],
  ['_meta', OBJECT],
];
const RESOURCE: readonly (readonly [string, Shape])[] = [
  ...COMMON,
  ['name', STRING],
  ['mimeType', STRING],
  ['annotations', ANNOTATIONS],
];

const TOOL_ANNOTATIONS = objectOf(
  new Map([
    ['title', STRING],
    ...['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'].map((name) => [name, BOOLEAN] as const),
  ]),
);

const SHAPES: Readonly<Record<ListKind, Shape>> = {
  tools: objectOf(
    new Map<string, Shape>([
      ...COMMON,
      ['inputSchema', OBJECT_SCHEMA],
      ['outputSchema', (text, notes) => (kindOf(text) === 'object' ? ANY_SCHEMA(text, notes) : undefined)],
      ['annotations', TOOL_ANNOTATIONS],
      ['execution', objectOf(new Map([['taskSupport', oneOf('required', 'optional', 'forbidden')]]))],
    ]),
  ),
  prompts: objectOf(new Map<string, Shape>([...COMMON, ['arguments', listOf(ARGUMENT)]])),
  resources: objectOf(new Map<string, Shape>([...RESOURCE, ['size', NUMBER]])),
  templates: objectOf(new Map<string, Shape>(RESOURCE)),
};

const LEGACY_TOOL = objectOf(
  new Map<string, Shape>([
    ['inputSchema', PROPERTIES_AS_OBJECTS],
    ['outputSchema', legacyOutput],
  ]),
);

/** A schema without `$id`: clients would confuse it with a schema of the same `$id` from another server. */
const WITHOUT_NAME: Shape = (text, notes) => {
  const good = PROPERTIES_AS_OBJECTS(text, notes);
  return good && objectOf(new Map<string, Shape>([['$id', () => undefined]]))(good, notes);
};

/**
 * The output schema for legacy clients, for which a result is an object, and which compile the schema when they list tools; undefined: left
 * out.
 */
function legacyOutput(text: string, notes: Note[]): string | undefined {
  if (/^\{\s*\}$/.test(text)) return undefined;
  const good = OBJECT_SCHEMA(text, notes);
  const simple = good && WITHOUT_NAME(good, []);
  const schema = simple && parseRecord(simple);
  return schema && isCompilable(schema) ? simple : undefined;
}

/**
 * `member`: the one that names an entry; `text`: the entry as JSON; `value`: the same, parsed. Returns a string where the entry is left out:
 * why.
 */
export function tidyEntry(kind: ListKind, member: string, text: string, value: unknown): TidyEntry | string {
  if (!isRecord(value)) return `an entry ${isWhat(text)}`;
  const key = value[member];
  if (typeof key !== 'string') return `an entry whose ${member} ${key === undefined ? 'is missing' : 'is no text'}`;
  const named = quoteForeign(key);
  if (key === '') return `an entry whose ${member} is empty`;
  if (!key.isWellFormed()) return `${named}: its ${member} is no text that can be passed on`;
  if (text.length > MAX_CHARS) return `${named} is longer than ${MAX_CHARS / 1024} KiB`;
  const unfit = unfitness(value, 0);
  if (unfit !== undefined) return `${named} ${unfit}`;
  const notes: Note[] = [];
  const tidied = SHAPES[kind](wellFormed(text, notes), notes);
  const whole = tidied && completed(kind, key, tidied, notes);
  if (whole === undefined) return `${named}: ${noteText(notes.at(-1) ?? { at: '', what: 'is not valid' })}`;
  const legacyNotes: Note[] = [];
  const legacyText = kind === 'tools' ? LEGACY_TOOL(whole, legacyNotes) : undefined;
  return {
    key,
    text: whole,
    legacyText: legacyText === whole ? undefined : legacyText,
    faults: notes.map((note) => `${named}: ${noteText(note)}`),
    legacyFaults: legacyNotes.map((note) => `${named}: ${noteText(note)}`),
  };
}

function noteText({ at, what }: Note): string {
  return `${quoteForeign(at).slice(1, -1)} ${what}`.trim();
}

/** The entry with the members that it needs; undefined where one cannot be made up. */
function completed(kind: ListKind, key: string, text: string, notes: Note[]): string | undefined {
  if (kind === 'prompts') return text;
  if (kind !== 'tools') {
    if (has(text, 'name')) return text;
    notes.push({ at: 'name', what: 'is missing' });
    return withMember(text, 'name', JSON.stringify(key));
  }
  if (has(text, 'inputSchema')) return text;
  // The server sent a schema that could not be repaired.
  if (notes.some(({ at }) => at === 'inputSchema')) return undefined;
  notes.push({ at: 'inputSchema', what: 'is missing' });
  return withMember(text, 'inputSchema', '{"type":"object"}');
}

function has(text: string, member: string): boolean {
  return findMember(scanObject(text).members, member) !== undefined;
}

/** What is in a value, at any depth, that clients cannot read; undefined where there is nothing. */
function unfitness(value: unknown, depth: number): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'has a number that is too large';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  for (const each of Object.values(value)) {
    const found = unfitness(each, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const HALF = /\\u[dD][89a-fA-F]/;
/** Escape sequences: first surrogate pairs, then single surrogates (captured), then all others. */
const ESCAPES = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\./g;

/** The text with U+FFFD instead of single surrogates, which JSON parsers of other languages refuse. */
function wellFormed(text: string, notes: Note[]): string {
  if (!HALF.test(text)) return text;
  const whole = text.replace(ESCAPES, (found, half: string | undefined) => (half === undefined ? found : '\\ufffd'));
  if (whole !== text) notes.push({ at: '', what: 'holds half a character' });
  return whole;
}
