// Which parts of a request's body its HTTP headers repeat (MCP 2026-07-28, Streamable HTTP): the name of what it is about, and the arguments of
// a tool call that the tool's input schema marks with `x-mcp-header`.
import { isRecord, parseRecord } from './json-rpc-guard.ts';

/** By method: the member of a request's params that its HTTP header `Mcp-Name` repeats (MCP 2026-07-28, Streamable HTTP, "Request Metadata"). */
export const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

export interface HeaderParam {
  /** The header's whole name, in lower case: `mcp-param-…`. */
  header: string;
  /** The keys that lead from the call's arguments to the value. */
  path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);
const MAX_DEPTH = 64;
const PLAIN = /^[\t\x20-\x7e]*$/;

/**
 * The marked parameters of a tool, given as the server listed it. A string says how its schema breaks the rules of the specification: such a
 * tool may not be called.
 */
export function headerParamsOf(toolText: string): readonly HeaderParam[] | string {
  if (!toolText.includes('x-mcp-header') && !toolText.includes('\\u')) return NONE;
  const found: HeaderParam[] = [];
  const why = collect(parseRecord(toolText)?.['inputSchema'], [], true, found);
  return why ?? found;
}

/** The headers of one call, as names and values in turn. An argument that the call leaves out gets no header. */
export function headersFromArguments(params: readonly HeaderParam[], args: unknown): string[] {
  return params.flatMap(({ header, path }) => {
    let value: unknown = args;
    for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    if (typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)) return [];
    const isScalar = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';
    return isScalar ? [header, headerValue(String(value))] : [];
  });
}

/**
 * Adds the marked parameters of `schema` to `found`. `isReachable`: only `properties` led here, so that the value has one place in the
 * arguments.
 */
function collect(
  schema: unknown,
  path: readonly string[],
  isReachable: boolean,
  found: HeaderParam[],
): string | undefined {
  if (path.length > MAX_DEPTH) return undefined;
  if (Array.isArray(schema)) return firstOf(schema, (each) => collect(each, [...path, ''], false, found));
  if (!isRecord(schema)) return undefined;
  const name = schema['x-mcp-header'];
  if (name !== undefined) {
    if (!isReachable || path.length === 0) return 'x-mcp-header stands where no single argument can be meant';
    if (typeof name !== 'string' || !TOKEN.test(name)) return 'x-mcp-header is no header name';
    if (!TYPES.has(schema['type'])) return `x-mcp-header ${name} is of a type that headers cannot hold`;
    const header = `mcp-param-${name.toLowerCase()}`;
    if (found.some((each) => each.header === header)) return `x-mcp-header ${name} stands twice`;
    found.push({ header, path });
  }
  return firstOf(Object.entries(schema), ([key, value]) => {
    if (key === 'properties' && isRecord(value)) {
      return firstOf(Object.entries(value), ([own, inner]) => collect(inner, [...path, own], isReachable, found));
    }
    // The values of these keywords are data, not schemas.
    if (DATA.has(key)) return undefined;
    return collect(value, [...path, key], false, found);
  });
}

function firstOf<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const why = check(item);
    if (why !== undefined) return why;
  }
  return undefined;
}

const NONE: readonly HeaderParam[] = [];
const DATA: ReadonlySet<string> = new Set(['default', 'examples', 'enum', 'const', 'x-mcp-header', 'required']);

/** `text` as a header value: unchanged where it is printable ASCII without blanks at its ends, else as `=?base64?…?=` ("Value Encoding"). */
export function headerValue(text: string): string {
  const isMarked = text.startsWith('=?base64?') && text.endsWith('?=');
  if (text !== '' && text === text.trim() && !isMarked && PLAIN.test(text)) return text;
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
