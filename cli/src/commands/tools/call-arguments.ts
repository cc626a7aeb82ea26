// Reads the arguments of `mcpgate call`: JSON, or key=value words whose types come from the tool's input schema.
import { GateError } from 'mcpgate-shared/error';

/** A JSON object given as one word; undefined where the words are key=value pairs. Throws `usage`. */
export function jsonArgument(words: readonly string[]): string | undefined {
  const [first, ...rest] = words;
  if (first === undefined || !/^\s*[{[]/.test(first)) return undefined;
  let value: unknown;
  try {
    value = rest.length === 0 ? JSON.parse(first) : undefined;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('usage', `the arguments are not valid JSON: ${detail}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return first;
  throw new GateError('usage', `the arguments must be one JSON object, e.g. '{"path":"README.md"}'`);
}

/** Makes an object of `key=value` words. A key that occurs twice gives a list where the schema allows one. Throws `usage`. */
export function keyValueArguments(words: readonly string[], inputSchema: unknown): Record<string, unknown> {
  const properties = record(record(inputSchema)['properties']);
  const closed = record(inputSchema)['additionalProperties'] === false;
  const given = new Map<string, unknown>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at <= 0) {
      throw new GateError('usage', `"${word}" is neither key=value nor a JSON object`);
    }
    const key = word.slice(0, at);
    const schema = properties[key];
    if (schema === undefined && closed) {
      const names = Object.keys(properties).join(', ') || 'none';
      throw new GateError('usage', `the tool has no argument ${key}; it has: ${names}`);
    }
    const text = word.slice(at + 1);
    const isList = typesOf(schema).includes('array');
    const earlier = given.get(key);
    if (isList && !/^\s*\[/.test(text)) {
      const item = typed(key, text, record(schema)['items']);
      given.set(key, Array.isArray(earlier) ? [...earlier, item] : [item]);
    } else if (given.has(key)) throw new GateError('usage', `${key} is given twice`);
    else given.set(key, typed(key, text, schema));
  }
  return Object.fromEntries(given);
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

/** The JSON types that a schema allows; empty where it does not say. */
function typesOf(schema: unknown): readonly string[] {
  const { type, anyOf, oneOf, enum: values } = record(schema);
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((name) => typeof name === 'string');
  const branches: unknown = anyOf ?? oneOf;
  if (Array.isArray(branches)) return branches.flatMap(typesOf);
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return ['string'];
  return [];
}

function typed(key: string, text: string, schema: unknown): unknown {
  const types = typesOf(schema);
  if (types.length === 1 && types[0] === 'string') return text;
  const value = parsed(text);
  if (value !== undefined && (types.length === 0 || types.includes(typeName(value)))) return value;
  if (types.includes('number') && typeof value === 'number') return value;
  if (types.length === 0 || types.includes('string')) return text;
  throw new GateError('usage', `${key} must be ${types.map(withArticle).join(' or ')}, not "${text}"`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const withArticle = (type: string): string =>
  type === 'null'
    ? type
    : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}${type === 'boolean' ? ' (true or false)' : ''}`;
