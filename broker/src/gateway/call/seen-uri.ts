// The URIs of a server's resources as a client sees them, and the places in which MCP Apps refer to one: a tool, or its result, names the resource
// that shows it in `_meta` (SEP-1865), in one of several spellings.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import type { ServerRecord } from '../../domain/server-record.ts';
import { exposedUri } from '../../policy/naming.ts';
import type { SessionScope } from '../session-scope.ts';

/** Makes the URI that the client sees of a server's own URI. */
export type SeenUri = (own: string) => string;

/** Undefined in a session that shows one server under its own names. */
export function seenUriFor(
  { only }: Pick<SessionScope, 'only'>,
  server: Pick<ServerRecord, 'name'>,
): SeenUri | undefined {
  return only === undefined ? (own) => exposedUri(server.name, own) : undefined;
}

/** Members of `_meta` that are the URI itself, for hosts before the specification, and of ChatGPT; the specification has `ui.resourceUri`. */
const FLAT_KEYS: ReadonlySet<string> = new Set(['ui/resourceUri', 'openai/outputTemplate']);
/** Clients fetch these from the web, and not from the server. */
const OF_THE_WEB = /^(?:https?|data):/i;

/** Where the object with these members refers to the resource of its app. */
export function appReferences(text: string, members: readonly JsonMember[]): JsonMember[] {
  const found: JsonMember[] = [];
  for (const meta of members) {
    if (meta.key !== '_meta' || text.charAt(meta.start) !== '{') continue;
    for (const member of scanObject(text, meta.start, ['ui']).members) {
      if (FLAT_KEYS.has(member.key)) found.push(member);
      const uri = member.key === 'ui' ? findMember(member.inner?.members ?? [], 'resourceUri') : undefined;
      if (uri !== undefined) found.push(uri);
    }
  }
  return found.filter(({ start, end }) => isOfServer(text.slice(start, end)));
}

/** The URIs at these places. */
export const appUris = (text: string, members: readonly JsonMember[]): string[] => [
  ...new Set(appReferences(text, members).flatMap(({ start, end }) => stringIn(text.slice(start, end)) ?? [])),
];

const isOfServer = (valueText: string): boolean => {
  const uri = stringIn(valueText);
  return uri !== undefined && /^[a-z][a-z0-9+.-]*:/i.test(uri) && !OF_THE_WEB.test(uri);
};

/** The JSON text of the URI that the client sees; undefined where `valueText` is no string. */
export function seenUriText(valueText: string, seenUri: SeenUri): string | undefined {
  const own = stringIn(valueText);
  return own === undefined ? undefined : JSON.stringify(seenUri(own));
}

function stringIn(valueText: string): string | undefined {
  const value: unknown = valueText.startsWith('"') ? JSON.parse(valueText) : undefined;
  return typeof value === 'string' ? value : undefined;
}
