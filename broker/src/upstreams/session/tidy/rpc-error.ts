// The error of a server's answer as it goes on: clients that read strictly take one without a whole number and a text for no answer at all,
// and wait for another.
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

/** To the letter where nothing is wrong. `text`: an object, or what is to be told, as JSON. */
export function tidyError(text: string): string {
  const own = kindOf(text) === 'string' ? `{"message":${text}}` : (ERROR(text, []) ?? '{}');
  const has = (member: string) => findMember(scanObject(own).members, member) !== undefined;
  const told = has('message') ? own : withMember(own, 'message', '"the server gives no reason"');
  return has('code') ? told : withMember(told, 'code', String(RPC_CODE.internalError));
}
