// The arguments of a request as they would be forwarded: their text, their size and a digest.
import { findMember, type JsonMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { hashInTurns } from '../../message/hash-in-turns.ts';
import { byteLengthOf, partsOf, type Pieces, wholeText } from '../../message/pieces.ts';

/** Members of the params that differ between calls which are the same to a person. */
export const OF_ONE_MESSAGE: ReadonlySet<string> = new Set(['_meta', 'requestState', 'inputResponses']);

export interface ForwardedArguments {
  /** SHA-256 of the text, hex. */
  digest: string;
  bytes: number;
  text: () => string;
}

/** Of tools and prompts what they are called with; of other requests their params. */
export async function forwardedArguments(paramsText: string, pieces: Pieces | undefined): Promise<ForwardedArguments> {
  const { members } = scanObject(paramsText);
  const text = argumentsText(paramsText, members);
  return {
    digest: await hashInTurns(partsOf(text, pieces)),
    bytes: byteLengthOf(text, pieces),
    text: () => wholeText(text, pieces),
  };
}

function argumentsText(paramsText: string, members: readonly JsonMember[]): string {
  const args = findMember(members, 'arguments');
  if (args !== undefined) return paramsText.slice(args.start, args.end);
  const others = members.filter(({ key }) => key !== 'name' && !OF_ONE_MESSAGE.has(key));
  return `{${others.map(({ keyStart, end }) => paramsText.slice(keyStart, end)).join(',')}}`;
}
