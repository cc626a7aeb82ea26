// A JSON-RPC message of which only both ends are there, because it was too long to be kept: whose answer is it, or who waits for one?

const SCALAR = String.raw`("(?:[^"\\]|\\.){0,200}"|-?\d{1,20})`;
const KEY = String.raw`"(?:jsonrpc|method)"\s*:\s*"[^"\\]{0,200}"`;
/** Behind the opening brace, and behind nothing but members that cannot hold others. */
const ID_FIRST = new RegExp(String.raw`^\s*\{\s*(?:${KEY}\s*,\s*)*"id"\s*:\s*${SCALAR}\s*[,}]`);
/** Before the closing brace: as the official SDKs write it. A quote inside a text would have a backslash before it. */
const ID_LAST = new RegExp(String.raw`[,{]\s*"id"\s*:\s*${SCALAR}\s*(?:,\s*${KEY}\s*)*\}\s*$`);
const METHOD_FIRST = /^\s*\{\s*(?:"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]{0,200}"|-?\d{1,20})\s*,\s*)*"method"\s*:/;

/** The id as JSON text; undefined where neither end shows one. */
export function idOfCutMessage(head: string, tail: string): string | undefined {
  return ID_FIRST.exec(head)?.[1] ?? ID_LAST.exec(tail)?.[1];
}

/** Whether it asks or tells something, as far as its beginning shows. */
export const isCutRequest = (head: string): boolean => METHOD_FIRST.test(head);
