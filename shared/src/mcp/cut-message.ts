// Finds the id in a JSON-RPC message that was too long to keep, of which only the beginning and the end are there. The id tells which request
// must get an error.

const SCALAR = String.raw`("(?:[^"\\]|\\.){0,200}"|-?\d{1,20})`;
const KEY = String.raw`"(?:jsonrpc|method)"\s*:\s*"[^"\\]{0,200}"`;
/** An id at the beginning, before any member that could contain another "id". */
const ID_FIRST = new RegExp(String.raw`^\s*\{\s*(?:${KEY}\s*,\s*)*"id"\s*:\s*${SCALAR}\s*[,}]`);
/** An id at the end, where the official SDKs write it. It cannot be part of a string, where the quotes would have backslashes. */
const ID_LAST = new RegExp(String.raw`[,{]\s*"id"\s*:\s*${SCALAR}\s*(?:,\s*${KEY}\s*)*\}\s*$`);
const METHOD_FIRST = /^\s*\{\s*(?:"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]{0,200}"|-?\d{1,20})\s*,\s*)*"method"\s*:/;

/** The id as JSON text; undefined where neither the beginning nor the end shows one. */
export function idOfCutMessage(head: string, tail: string): string | undefined {
  return ID_FIRST.exec(head)?.[1] ?? ID_LAST.exec(tail)?.[1];
}

/** Whether the message is a request or notification, judging by its beginning. */
export const isCutRequest = (head: string): boolean => METHOD_FIRST.test(head);
