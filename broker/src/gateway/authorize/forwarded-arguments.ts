// The arguments of a request as they would be forwarded: their text, their size and a digest.
import { findMember, type JsonMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { hashInTurns } from '../../message/hash-in-turns.ts';
import { byteLengthOf, partsOf, type Pieces, wholeText } from '../../message/pieces.ts';
import type { Request } from '../request.ts';

/** Members of the params that differ between calls which are the same to a person. */
export const OF_ONE_MESSAGE: ReadonlySet<string> = new Set(['_meta', 'requestState', 'inputResponses']);

export interface ForwardedArguments {
  /** SHA-256 of the text, hex. */
  digest: string;
  bytes: number;
  text: () => string;
}

/** What these are called with says all of them; of other requests something else beside it may matter, such as where events are sent. */
const CALLS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get']);

/** Whether the member `arguments` of such a request is what people and programs decide about, or all of its params are. */
export const isDecidedByArguments = (method: string): boolean => CALLS.has(method);

/** Of tools and prompts what they are called with; of other requests their params. */
export async function forwardedArguments(
  { method, pieces }: Pick<Request, 'method' | 'pieces'>,
  paramsText: string,
): Promise<ForwardedArguments> {
  const { members } = scanObject(paramsText);
  const text = argumentsText(method, paramsText, members);
  return {
    digest: await hashInTurns(partsOf(text, pieces)),
    bytes: byteLengthOf(text, pieces),
    text: () => wholeText(text, pieces),
  };
}

function argumentsText(method: string, paramsText: string, members: readonly JsonMember[]): string {
  const args = isDecidedByArguments(method) ? findMember(members, 'arguments') : undefined;
  if (args !== undefined) return paramsText.slice(args.start, args.end);
  const others = members.filter(({ key }) => key !== 'name' && !OF_ONE_MESSAGE.has(key));
  return `{${others.map(({ keyStart, end }) => paramsText.slice(keyStart, end)).join(',')}}`;
}

/** A digest of all that a call asks for, hex: the same for each round of it. */
export async function digestOfCall(method: string, paramsText: string, pieces: Pieces | undefined): Promise<string> {
  const members = scanObject(paramsText)
    .members.filter(({ key }) => !OF_ONE_MESSAGE.has(key))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const parts = members.flatMap(({ key, start, end }) => [
    `\n${JSON.stringify(key)}:`,
    ...partsOf(paramsText.slice(start, end), pieces),
  ]);
  return await hashInTurns([method, ...parts]);
}

/** Whether it brings the answer to what its server asked for in the round before (2026-07-28, "Multi Round-Trip Requests"). */
export const isNextRound = ({ params }: Pick<Request, 'params'>): boolean =>
  params['inputResponses'] !== undefined || params['requestState'] !== undefined;
