// Makes the best of a text that a server sends instead of one message: several messages on one line, or an answer that is no JSON.
import { scanObject } from 'mcpgate-shared/mcp/json-span';
import { numberOf, parseRecord } from '../../mcp/json-rpc-guard.ts';

/** Messages that are read of one line; a server that sends more of them does it on purpose. */
const MAX_MESSAGES = 100;
const HEAD_CHARS = 1_000;

/** The JSON objects of a text that is nothing but such objects, one behind the other; else empty. */
export function messagesOnOneLine(text: string): string[] {
  const messages: string[] = [];
  let rest = text;
  while (rest !== '') {
    const message = firstObject(rest);
    if (message === undefined || messages.push(message) > MAX_MESSAGES) return [];
    rest = rest.slice(message.length).trimStart();
  }
  return messages;
}

function firstObject(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { end } = scanObject(text);
    const object = text.slice(0, end);
    return parseRecord(object) === undefined ? undefined : object;
  } catch {
    // The object does not end.
    return undefined;
  }
}

/** The id of the request that a broken text was meant to answer; undefined where it does not look like an answer. */
export function garbledAnswerTo(text: string): number | undefined {
  const head = text.slice(0, HEAD_CHARS);
  if (!head.includes('"jsonrpc"') || !/"(result|error)"/.test(head) || head.includes('"method"')) return undefined;
  const id = /"id"\s*:\s*"?(\d+)"?/.exec(head)?.[1];
  return numberOf(id);
}
