// Small guards over parsed JSON-RPC messages; lossless relays must not run them through a schema that strips what it does not know.

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text as a JSON object, or undefined. */
export function parseRecord(text: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON: the caller says what that means.
    return undefined;
  }
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The number that an id or token is, also where it comes back as a string of it: all that mcpgate sends servers are numbers. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : undefined;
}

/** An id as a key of a map: `1` and `"1"` differ, two spellings of one string do not. */
export function idKey(id: unknown, idText: string): string {
  return typeof id === 'string' ? `s${id}` : `n${idText}`;
}
