// Parameters of a tool that its calls repeat in HTTP headers: `x-mcp-header` in the tool's input schema (2026-07-28, Streamable HTTP).
import { headerValue } from './header-value.ts';
import { isRecord, parseRecord } from './json-rpc-guard.ts';

export interface HeaderParam {
  /** Lower case, with its prefix. */
  header: string;
  /** Where the value stands in the arguments. */
  path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);
const MAX_DEPTH = 64;

/** Of a tool as it was listed. A string says why its schema breaks the rules, so that nobody may call it. */
export function headerParamsOf(toolText: string): readonly HeaderParam[] | string {
  if (!toolText.includes('x-mcp-header') && !toolText.includes('\\u')) return NONE;
  const found: HeaderParam[] = [];
  const why = collect(parseRecord(toolText)?.['inputSchema'], [], true, found);
  return why ?? found;
}

/** Names and values in turn; a value that is not there has no header. */
export function headersFromArguments(params: readonly HeaderParam[], args: unknown): string[] {
  return params.flatMap(({ header, path }) => {
    let value: unknown = args;
    for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    if (typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)) return [];
    const isScalar = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';
    return isScalar ? [header, headerValue(String(value))] : [];
  });
}

/** `isReachable`: by `properties` alone, where a call's arguments have one place for it. */
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
    // What stands in these is data, not a schema.
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
