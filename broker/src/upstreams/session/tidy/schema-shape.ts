// Repairs the JSON Schemas of tools. AI clients hand them to programs that refuse all tools because of one invalid schema. So a keyword with
// a value that it cannot have is dropped, at every level. What a schema means is not judged.
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

/** `required`: a single name `"a"` becomes `["a"]`. A boolean, which draft 3 had at the property itself, is dropped. */
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

/** Keywords whose values are no schemas and must not be null. `default` and `const` are not among them: they may have any value. */
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

/** A schema for values of any type, as results may have from 2026-07-28 on. */
export const ANY_SCHEMA: Shape = (text, notes) => KEYWORDED(text, notes);

const NOTHING_SAID = '{"type":"object"}';

/** A schema for objects, as arguments have it, and up to 2025-11-25 results. Undefined where the schema is for something else. */
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

/** Whether `properties` is, or can become, an object. Any other value is not repaired, because the names in it would be lost. */
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

/** Writes the schemas `true` and `false` of properties as objects of the same meaning, for SDKs that know no boolean schemas. */
export const PROPERTIES_AS_OBJECTS: Shape = objectOf(
  new Map([['properties', mapOf((text) => AS_OBJECT.get(text) ?? text)]]),
);
