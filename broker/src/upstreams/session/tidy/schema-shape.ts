// JSON Schemas of tools. AI clients hand them on to programs that refuse all tools for one schema that is none, so what is no value of a
// keyword is dropped at every level; what a schema means is left to the server.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import {
  isEmptyList,
  isWhat,
  kindOf,
  listOf,
  mapOf,
  objectOf,
  ofKind,
  orElse,
  SOMETHING,
  STRING,
  withMember,
  type Note,
  type Shape,
} from './shape.ts';

const STRINGS = listOf(STRING);

/** `"a"` instead of `["a"]`; `true` is how drafts of before said it of the property itself. */
const REQUIRED: Shape = (text, notes) => {
  if (kindOf(text) !== 'string') return STRINGS(text, notes);
  notes.push({ at: '', what: isWhat(text) });
  return `[${text}]`;
};

const TYPE: Shape = (text, notes) => (kindOf(text) === 'list' ? STRINGS(text, notes) : STRING(text, notes));

const SCHEMA: Shape = (text, notes) => {
  if (kindOf(text) === 'boolean') return text;
  if (isEmptyList(text)) {
    notes.push({ at: '', what: 'is a list' });
    return '{}';
  }
  return KEYWORDED(text, notes);
};

const SCHEMAS: Shape = listOf(orElse(SCHEMA, '{}'));
const SCHEMA_OR_SCHEMAS: Shape = (text, notes) =>
  kindOf(text) === 'list' && !isEmptyList(text) ? SCHEMAS(text, notes) : SCHEMA(text, notes);

const PROPERTIES: Shape = (text, notes) => {
  if (!isEmptyList(text)) return EACH_A_SCHEMA(text, notes);
  notes.push({ at: '', what: 'is a list' });
  return '{}';
};
const EACH_A_SCHEMA = mapOf(orElse((text, notes) => SCHEMA(text, notes), '{}'));

/** Values of these are no schemas, and null is none of them. `default`, `const` and `enum` may be or hold anything. */
const PLAIN = [
  '$anchor $comment $dynamicAnchor $dynamicRef $id $ref $schema additionalItems contentEncoding contentMediaType dependentRequired',
  'deprecated description examples exclusiveMaximum exclusiveMinimum format maxContains maximum maxItems maxLength maxProperties',
  'minContains minimum minItems minLength minProperties multipleOf nullable pattern readOnly title uniqueItems writeOnly',
].flatMap((words) => words.split(' '));

const KEYWORDS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ...PLAIN.map((name) => [name, SOMETHING] as const),
  ['$schema', STRING],
  ['type', TYPE],
  ['enum', ofKind('list')],
  ['required', REQUIRED],
  ['properties', PROPERTIES],
  ...['patternProperties', '$defs', 'definitions', 'dependentSchemas'].map((name) => [name, PROPERTIES] as const),
  ...['anyOf', 'oneOf', 'allOf', 'prefixItems'].map((name) => [name, SCHEMAS] as const),
  ['items', SCHEMA_OR_SCHEMAS],
  ...[
    ...['additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'],
    ...['unevaluatedItems', 'unevaluatedProperties'],
  ].map((name) => [name, SCHEMA] as const),
]);
const KEYWORDED: Shape = objectOf(KEYWORDS);

/** Any schema that is an object, as a result may have from 2026-07-28 on. */
export const ANY_SCHEMA: Shape = (text, notes) => KEYWORDED(text, notes);

const NOTHING_SAID = '{"type":"object"}';

/** The schema of an object, as arguments (and up to 2025-11-25 results) have it. Undefined where it says something else. */
export const OBJECT_SCHEMA: Shape = (text, notes) => {
  const kind = kindOf(text);
  if (kind === 'null' || text === 'true' || isEmptyList(text)) {
    notes.push({ at: '', what: isWhat(text) });
    return NOTHING_SAID;
  }
  if (kind !== 'object') return undefined;
  const own = scanObject(text).members;
  const properties = findMember(own, 'properties');
  if (properties !== undefined && !canBeProperties(text.slice(properties.start, properties.end))) return undefined;
  const good = KEYWORDED(text, notes);
  return good === undefined ? undefined : asObject(good, notes);
};

/** Whose names would be lost, is none. */
function canBeProperties(text: string): boolean {
  return kindOf(text) === 'object' || kindOf(text) === 'null' || isEmptyList(text);
}

function asObject(text: string, notes: Note[]): string | undefined {
  const type = findMember(scanObject(text).members, 'type');
  if (type === undefined) {
    notes.push({ at: 'type', what: 'is missing' });
    return withMember(text, 'type', '"object"');
  }
  const said = text.slice(type.start, type.end);
  if (said === '"object"') return text;
  const types: unknown = JSON.parse(said);
  const names = Array.isArray(types) ? types : [types];
  if (!names.some((name) => typeof name === 'string' && name.toLowerCase() === 'object')) {
    if (names.length > 0) return undefined;
  }
  notes.push({ at: 'type', what: isWhat(said) });
  return `${text.slice(0, type.start)}"object"${text.slice(type.end)}`;
}

const AS_OBJECT: ReadonlyMap<string, string> = new Map([
  ['true', '{}'],
  ['false', '{"not":{}}'],
]);

/** What `true` and `false` mean, for SDKs that know no other schemas of properties than objects. */
export const PROPERTIES_AS_OBJECTS: Shape = objectOf(
  new Map([['properties', mapOf((text) => AS_OBJECT.get(text) ?? text)]]),
);
