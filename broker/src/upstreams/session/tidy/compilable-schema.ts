// Whether a tool's output schema can be compiled. Clients of the v1 SDK compile the schemas when they list tools, and lose all tools where one
// cannot be compiled. A doubtful schema is left out: without a schema a client takes a result as it is.
import { isRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);
const NUMBERS = 'exclusiveMaximum exclusiveMinimum maximum minimum multipleOf';
const COUNTS = 'maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties';
const SCHEMAS =
  'additionalProperties contains else if items not propertyNames then unevaluatedItems unevaluatedProperties';
const MAPS = '$defs definitions dependentSchemas patternProperties properties';
const LISTS = 'allOf anyOf oneOf prefixItems';
/** Keywords that refer to other documents, or that validators disagree about: a schema with one of them does not count as compilable. */
const NEVER =
  '$anchor $dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef $vocabulary dependencies discriminator id nullable additionalItems formatMaximum formatMinimum formatExclusiveMaximum formatExclusiveMinimum';

type Check = (value: unknown, root: JsonRecord) => boolean;

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isTexts: Check = (value) => Array.isArray(value) && value.every((each) => typeof each === 'string');
const isSchema: Check = (value, root) => typeof value === 'boolean' || (isRecord(value) && isSound(value, root));
const isSchemaList: Check = (value, root) =>
  Array.isArray(value) && value.length > 0 && value.every((each) => isSchema(each, root));
const isSchemaMap: Check = (value, root) =>
  isRecord(value) && Object.values(value).every((each) => isSchema(each, root));

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp;
  } catch {
    // Many servers write patterns in the regular expressions of another language.
    return false;
  }
}

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ...NUMBERS.split(' ').map((name) => [name, isNumber] as const),
  ...COUNTS.split(' ').map((name) => [name, isCount] as const),
  ...SCHEMAS.split(' ').map((name) => [name, isSchema] as const),
  ...MAPS.split(' ').map((name) => [name, isSchemaMap] as const),
  ...LISTS.split(' ').map((name) => [name, isSchemaList] as const),
  ...NEVER.split(' ').map((name) => [name, () => false] as const),
  ['$ref', (value, root) => typeof value === 'string' && pointsInto(root, value)],
  ['$schema', isText],
  ['$id', () => false],
  ['$comment', isText],
  ['format', isText],
  ['pattern', isPattern],
  ['uniqueItems', isFlag],
  ['required', (value) => isTexts(value, {}) && new Set(Array.isArray(value) ? value : []).size === count(value)],
  ['enum', (value) => Array.isArray(value) && value.length > 0],
  [
    'type',
    (value) => TYPES.has(value) || (Array.isArray(value) && value.length > 0 && value.every((each) => TYPES.has(each))),
  ],
  ['dependentRequired', (value) => isRecord(value) && Object.values(value).every((each) => isTexts(each, {}))],
  [
    'patternProperties',
    (value, root) => isSchemaMap(value, root) && isRecord(value) && Object.keys(value).every((key) => isPattern(key)),
  ],
]);

const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/** `schema`: parsed, without `$id`, and nested no deeper than an entry may be (entry.ts). */
export function isCompilable(schema: JsonRecord): boolean {
  return isSound(schema, schema);
}

function isSound(schema: JsonRecord, root: JsonRecord): boolean {
  if (Object.hasOwn(schema, '__proto__')) return false;
  return Object.entries(schema).every(([key, value]) => CHECKS.get(key)?.(value, root) ?? true);
}

/** Whether a `$ref` (`#`, `#/$defs/NAME`, `#/definitions/NAME`) leads to a schema in `root`. */
function pointsInto(root: JsonRecord, reference: string): boolean {
  if (reference === '#') return true;
  if (!/^#(\/(\$defs|definitions)\/[A-Za-z0-9_.-]+)$/.test(reference)) return false;
  const [, keyword = '', name = ''] = reference.split('/');
  const among = root[keyword];
  return isRecord(among) && Object.hasOwn(among, name) && isSchemaLike(among[name]);
}

function isSchemaLike(value: unknown): boolean {
  return typeof value === 'boolean' || isRecord(value);
}
