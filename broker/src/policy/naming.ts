// The names by which rules know what servers offer: `SERVER__TOOL`, `prompt:SERVER__NAME`, `resource:URI` and `resource:SERVER+URI`, with the
// server's own names, never cut. Whoever judges anything asks here what it is called.
import type { ListKind } from '../mcp/list-kind.ts';

/** Every name of one thing; the record of a call has the first. */
export type RuleNames = readonly [string, ...string[]];

/** One thing of one server (empty: of none that is known), by all its names. */
export interface Subject {
  server: string;
  names: RuleNames;
}

const PROMPT = 'prompt:';
export const RESOURCE = 'resource:';

/** What stands before a server's own URIs and URI templates. A scheme begins with a letter (RFC 3986, section 3.1); server names need not. */
export function uriPrefix(server: string): string {
  return /^[a-z]/.test(server) ? `${server}+` : `n.${server}+`;
}

/** Server and the name within it, as written in `SERVER__NAME`; undefined where it is no such name. */
export function splitName(name: string): { server: string; rest: string } | undefined {
  const at = name.indexOf('__');
  return at <= 0 ? undefined : { server: name.slice(0, at), rest: name.slice(at + 2) };
}

/** Server and its own URI, as written in `SERVER+URI`; undefined where it is no such URI. */
export function splitUri(uri: string): { server: string; rest: string } | undefined {
  const at = uri.indexOf('+');
  if (at <= 0) return undefined;
  const scheme = uri.slice(0, at);
  return { server: scheme.startsWith('n.') ? scheme.slice(2) : scheme, rest: uri.slice(at + 1) };
}

/** `own`: the server's name or URI of it. `server` empty: the name as it was written says none. */
export function ruleNames(kind: ListKind, server: string, own: string): RuleNames {
  switch (kind) {
    case 'tools':
      return [server === '' ? own : `${server}__${own}`];
    case 'prompts':
      return [PROMPT + (server === '' ? own : `${server}__${own}`)];
    case 'resources':
    case 'templates':
      return server === '' ? [RESOURCE + own] : [RESOURCE + own, RESOURCE + uriPrefix(server) + own];
  }
}

/** What the names of everything of a server begin with, by kind: of a thing with several names, each. */
export function nameHeads(server: string): readonly (readonly string[])[] {
  return [[`${server}__`], [`${PROMPT}${server}__`], [RESOURCE, RESOURCE + uriPrefix(server)]];
}

/** What somebody means who writes a name as rules do: a resource without its server may be of any of `servers`. */
export function subjectsOf(name: string, servers: readonly string[]): readonly Subject[] {
  if (!name.startsWith(RESOURCE)) {
    const isPrompt = name.startsWith(PROMPT);
    const split = splitName(isPrompt ? name.slice(PROMPT.length) : name);
    if (split === undefined) return [{ server: '', names: [name] }];
    return [{ server: split.server, names: ruleNames(isPrompt ? 'prompts' : 'tools', split.server, split.rest) }];
  }
  const uri = name.slice(RESOURCE.length);
  const named = servers.find((server) => uri.startsWith(uriPrefix(server)));
  const own = named === undefined ? uri : uri.slice(uriPrefix(named).length);
  return (named === undefined ? servers : [named]).map((server) => ({
    server,
    names: ruleNames('resources', server, own),
  }));
}
