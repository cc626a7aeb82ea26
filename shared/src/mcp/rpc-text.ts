// JSON-RPC messages as mcpgate writes them. The members stand in this order, so that whoever has the first bytes of a message knows what it
// answers or asks, however long it is: `serve` reads no answer of megabytes to pass it on.

const ID = String.raw`("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)`;
const ANSWER = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":${ID},"(result|error)":`);
const REQUEST = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":${ID},"method":`);
/** How much of a message shows what it is: ids are bounded. */
export const HEAD_BYTES = 1024;

/** `idText`: the id as it was written. `text`: a result or an error object, as JSON text. */
export function answerText(idText: string, member: 'result' | 'error', text: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"${member}":${text}}`;
}

export function requestText(idText: string, method: string, paramsText: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)},"params":${paramsText}}`;
}

export function noticeText(method: string, paramsText?: string): string {
  const params = paramsText === undefined ? '' : `,"params":${paramsText}`;
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${params}}`;
}

/** Of a message that was written here, by its first characters; `from`: where the result or the error begins. Undefined: it is no answer. */
export function answerHead(head: string): { idText: string; member: 'result' | 'error'; from: number } | undefined {
  const match = ANSWER.exec(head);
  const [all = '', idText = '', member] = match ?? [];
  if (member !== 'result' && member !== 'error') return undefined;
  return { idText, member, from: all.length };
}

/** The id of a request that was written here, by its first characters; undefined: it is none. */
export const requestHead = (head: string): string | undefined => REQUEST.exec(head)?.[1];
