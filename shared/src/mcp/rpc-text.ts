// Writes JSON-RPC messages with their members in a fixed order, so that the first bytes of a message show its id and kind, however long it is.
// `serve` passes on answers of megabytes without reading more than that.

const ID = String.raw`("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)`;
const ANSWER = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":${ID},"(result|error)":`);
const REQUEST = new RegExp(String.raw`^\{"jsonrpc":"2\.0","id":${ID},"method":`);
/** How many bytes of a message suffice to recognise it, because ids are bounded. */
export const HEAD_BYTES = 1024;

/** A response. `idText`: the id as JSON text. `text`: the result or the error object, as JSON text. */
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

/**
 * Recognises a response that `answerText` wrote by its first characters. `from`: where the result or error begins. Undefined: it is no
 * response.
 */
export function answerHead(head: string): { idText: string; member: 'result' | 'error'; from: number } | undefined {
  const match = ANSWER.exec(head);
  const [all = '', idText = '', member] = match ?? [];
  if (member !== 'result' && member !== 'error') return undefined;
  return { idText, member, from: all.length };
}

/** The id of a request that `requestText` wrote, by its first characters; undefined: it is no request. */
export const requestHead = (head: string): string | undefined => REQUEST.exec(head)?.[1];
