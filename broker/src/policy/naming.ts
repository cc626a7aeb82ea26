// The names by which rules know what servers offer: `SERVER__TOOL`, `prompt:SERVER__NAME`, `resource:URI` and `resource:SERVER+URI`, with the
// server's own names, never cut. All code that asks the policy for a verdict gets the names here.
import type { ListKind } from '../mcp/list-kind.ts';

/** All names of one thing; the record of a call holds the first. */
export type RuleNames = readonly [string, ...string[]];

/** One thing of one server, by all its names. `server` is empty where no known server offers the thing. */
export interface Subject {
  server: string;
  names: RuleNames;
}

const PROMPT = 'prompt:';
export const RESOURCE = 'resource:';

/**
 * What clients see before a server's own URIs and URI templates: `SERVER+`. A scheme must begin with a letter (RFC 3986, section 3.1), which a
 * server's name need not; then it is `n.SERVER+`.
 */
export function uriPrefix(server: string): string {
  return /^[a-z]/.test(server) ? `${server}+` : `n.${server}+`;
}

/** Takes `SERVER__NAME` apart; undefined for a text without `__`. */
export function splitName(name: string): { server: string; rest: string } | undefined {
  const at = name.indexOf('__');
  return at <= 0 ? undefined : { server: name.slice(0, at), rest: name.slice(at + 2) };
}

/** Takes `SERVER+URI` apart; undefined for a text without `+`. */
export function splitUri(uri: string): { server: string; rest: string } | undefined {
  const at = uri.indexOf('+');
  if (at <= 0) return undefined;
  const scheme = uri.slice(0, at);
  return { server: scheme.startsWith('n.') ? scheme.slice(2) : scheme, rest: uri.slice(at + 1) };
}

/** `own`: the server's own name or URI of the thing. `server`: empty where the name names no server. */
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

/** With what the names of a server's things begin: one list for each kind of thing, with one entry for each name that such a thing has. */
export function nameHeads(server: string): readonly (readonly string[])[] {
  return [[`${server}__`], [`${PROMPT}${server}__`], [RESOURCE, RESOURCE + uriPrefix(server)]];
}

/** What a name means that is written as in rules. `resource:URI` does not name a server, so it may mean a resource of each of `servers`. */
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
