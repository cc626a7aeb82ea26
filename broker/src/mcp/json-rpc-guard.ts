// Small guards over parsed JSON-RPC messages. The broker passes messages on unchanged, so it does not parse them with a schema, which would
// drop every member that it does not know.
import { parseJson } from 'mcpgate-shared/mcp/parse-json';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object that `text` holds, or undefined where it holds none. */
export function parseRecord(text: string): JsonRecord | undefined {
  try {
    const value = parseJson(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // The text is not JSON; the caller decides what follows from that.
    return undefined;
  }
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An id or progress token that a server sent back, as a number. mcpgate only sends numbers, but some servers return them as strings. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : undefined;
}

/** A JSON-RPC id as the key of a map: `1` and `"1"` are two keys; two JSON spellings of one string are the same key. */
export function idKey(id: unknown, idText: string): string {
  return typeof id === 'string' ? `s${id}` : `n${idText}`;
}
