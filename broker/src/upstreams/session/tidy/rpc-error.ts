// Repairs the error of a server's answer: strict clients take an error without a whole number as code and a text as message for no answer at all,
// and go on waiting.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { kindOf, objectOf, withMember, type Shape } from './shape.ts';

const CODE: Shape = (text) => /^"?(-?\d{1,9})"?$/.exec(text)?.[1];
const MESSAGE: Shape = (text) => {
  const kind = kindOf(text);
  if (kind === 'string') return text;
  return kind === 'number' || kind === 'boolean' ? JSON.stringify(text) : undefined;
};
const ERROR = objectOf(
  new Map([
    ['code', CODE],
    ['message', MESSAGE],
  ]),
);

/** `text`: JSON of the error object, or of a string, which becomes its message. A good error stays as it is, to the letter. */
export function tidyError(text: string): string {
  const own = kindOf(text) === 'string' ? `{"message":${text}}` : (ERROR(text, []) ?? '{}');
  const has = (member: string) => findMember(scanObject(own).members, member) !== undefined;
  const told = has('message') ? own : withMember(own, 'message', '"the server gives no reason"');
  return has('code') ? told : withMember(told, 'code', String(RPC_CODE.internalError));
}
