// What a name that a caller wrote may stand for. A tool or a prompt is what it is called; the URI of a resource has many spellings, and servers
// differ in which of them are the same.
import { isSharedName, ownNames, RESOURCE, type RuleNames } from './naming.ts';
import { readableUri, uriSpellings } from './uris/normal-uri.ts';

/** Names of a thing in several spellings. A rule that denies any of them denies the thing. */
export interface Readings {
  /** As the caller wrote it, and what a server may take it for: each must be allowed under one of its names. */
  meant: readonly [RuleNames, ...RuleNames[]];
  /** Further things that it may be, which need no allowance. */
  feared: readonly RuleNames[];
}

/** `names`: as the caller wrote them; the first is the server's own. */
export function readingsOf(server: string, names: RuleNames): Readings {
  const [first] = names;
  if (!first.startsWith(RESOURCE)) return { meant: [names], feared: [] };
  const { normal, denied } = uriSpellings(first.slice(RESOURCE.length));
  const shared = names.filter(isSharedName);
  const namesOf = (uri: string): RuleNames => [...ownNames('resources', server, uri), ...shared];
  return { meant: [names, ...normal.map(namesOf)], feared: denied.map(namesOf) };
}

/** A caller's text, to be shown within a message of mcpgate: only where no character of it can end the sentence or begin another one. */
export function shown(what: string): string {
  const text = readableUri(what);
  return /^[\w./:+?*#=&%-]{1,200}$/.test(text) ? text : 'a URI that is not repeated here';
}
