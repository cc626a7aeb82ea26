// What a server writes where a message should stand, and how much of one can be read in it.
import { scanObject } from 'mcpgate-shared/mcp/json-span';
import { numberOf, parseRecord } from '../../mcp/json-rpc-guard.ts';

/** Of one line; more are no carelessness. */
const MAX_MESSAGES = 100;
const HEAD_CHARS = 1_000;

/** Several JSON objects one behind the other; empty where the text is anything else. */
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
    // It does not end: the caller says what that means.
    return undefined;
  }
}

/** The id of the request that it was meant to answer; undefined: it looks like no answer. */
export function garbledAnswerTo(text: string): number | undefined {
  const head = text.slice(0, HEAD_CHARS);
  if (!head.includes('"jsonrpc"') || !/"(result|error)"/.test(head) || head.includes('"method"')) return undefined;
  const id = /"id"\s*:\s*"?(\d+)"?/.exec(head)?.[1];
  return numberOf(id);
}
