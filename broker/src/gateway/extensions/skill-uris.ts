// Where the results of the Skills extension hold URIs of a server: in the entry of a skill (`skills/list`, `skills/get`), with its files, and in the
// contents of a directory (`resources/directory/read`).
import { findMember, scanArray, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { type SeenUri, seenUriText } from '../call/seen-uri.ts';

/** The entry of a skill, or a result with one or with a directory, with the URIs that the client sees. */
export function withSeenSkill(text: string, seenUri: SeenUri): string {
  const { members } = scanObject(text);
  const skill = findMember(members, 'skill');
  const uris = [...urisOf(text, members), ...(skill === undefined ? [] : urisAt(text, skill.start))];
  let seen = text;
  for (const { start, end } of uris.toSorted((a, b) => b.start - a.start)) {
    const uriText = seenUriText(text.slice(start, end), seenUri);
    if (uriText !== undefined) seen = seen.slice(0, start) + uriText + seen.slice(end);
  }
  return seen;
}

function urisAt(text: string, at: number): JsonMember[] {
  return text.charAt(at) === '{' ? urisOf(text, scanObject(text, at).members) : [];
}

/** Its own, and those of its `resources`. */
function urisOf(text: string, members: readonly JsonMember[]): JsonMember[] {
  const own = findMember(members, 'uri');
  const resources = findMember(members, 'resources');
  const inside =
    resources !== undefined && text.charAt(resources.start) === '['
      ? scanArray(text, resources.start).flatMap(({ start }) => {
          const uri = text.charAt(start) === '{' ? findMember(scanObject(text, start).members, 'uri') : undefined;
          return uri === undefined ? [] : [uri];
        })
      : [];
  return own === undefined ? inside : [own, ...inside];
}
