// The names by which rules know what servers offer: `SERVER__TOOL`, `prompt:SERVER__NAME`, `event:SERVER__NAME`, `resource:URI` and
// `resource:SERVER+URI`, with the server's own names, never cut; and the URIs that clients see. All code that asks the policy for a verdict gets the names here.
import type { ServerRecord } from '../domain/server-record.ts';
import type { ListKind } from '../mcp/list-kind.ts';

/** All names of one thing; the record of a call holds the first, which is its own. */
export type RuleNames = readonly [string, ...string[]];

/** One thing of one server, by all its names. `server` is empty where no known server offers the thing. */
export interface Subject {
  server: string;
  names: RuleNames;
}

/** The kinds of things that rules know: those that servers list, and the event types of the Events extension. */
export type RuleKind = ListKind | 'events';

/** What a tool does to what its server keeps. A thing that is not known by either name may be a `read` and counts as a `write`. */
export type ToolClass = 'read' | 'write' | 'unknown';

/**
 * What a request about an event type does: only a subscription has the server keep something, and post what happens to an address that the caller
 * has chosen.
 */
export const eventClass = (method: string): 'read' | 'write' => (method === 'events/subscribe' ? 'write' : 'read');

const PROMPT = 'prompt:';
const EVENT = 'event:';
/** With what the names begin that many things share: of all that only reads at a server, of all that writes, of all in a bundle. */
const SHARED = /^(?:read|write|bundle):/;
const [READ, WRITE] = ['read:', 'write:'];
export const RESOURCE = 'resource:';
const HEADS = [
  ['prompts', PROMPT],
  ['events', EVENT],
] as const;

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

/**
 * Schemes that clients look at, so that they stay in front: AI clients open `ui://` alone as an app (MCP Apps), and know skills by `skill://` and
 * by the last segment of the path before `SKILL.md` (Skills). Both have free choice of what stands first after them.
 */
const KEPT_SCHEMES = ['ui://', 'skill://'] as const;

const keptScheme = (uri: string) => KEPT_SCHEMES.find((scheme) => uri.startsWith(scheme));

/** The URI or URI template of a server as clients see it: `SERVER+URI`; with a scheme that is kept, `ui://SERVER+/…`. */
export function exposedUri(server: string, own: string): string {
  const scheme = keptScheme(own);
  return scheme === undefined ? uriPrefix(server) + own : `${scheme}${server}+/${own.slice(scheme.length)}`;
}

/** Takes apart what `exposedUri` made, and `SERVER+URI` with any scheme; undefined for a text that names no server in this way. */
export function splitUri(uri: string): { server: string; rest: string } | undefined {
  const kept = keptScheme(uri);
  if (kept !== undefined) {
    const [, server, rest] = /^([a-z0-9-]+)\+\/(.*)$/s.exec(uri.slice(kept.length)) ?? [];
    return server === undefined || rest === undefined ? undefined : { server, rest: kept + rest };
  }
  const at = uri.indexOf('+');
  if (at <= 0) return undefined;
  const scheme = uri.slice(0, at);
  return { server: scheme.startsWith('n.') ? scheme.slice(2) : scheme, rest: uri.slice(at + 1) };
}

/** Whether many things have the name. WHAT is written in the same way, and no glob for the names of single things matches such a name. */
export const isSharedName = (name: string): boolean => SHARED.test(name);

/**
 * All names of a thing. `own`: the server's own name or URI of it. `server`: empty where the name names no server. `toolClass`: of a tool, or of what
 * is asked about an event type; prompts and resources are only read. Where it is unknown, the thing has the names of both classes.
 */
export function ruleNames(kind: RuleKind, server: string, own: string, toolClass: ToolClass = 'unknown'): RuleNames {
  const names = ownNames(kind, server, own);
  if (server === '') return names;
  const known = kind === 'tools' || kind === 'events' ? toolClass : 'read';
  return [...names, ...(known === 'write' ? [] : [READ + server]), ...(known === 'read' ? [] : [WRITE + server])];
}

/** `saysItReads`: what the server itself says of the tool; undefined: that is not known. What an operator has said goes before it. */
export function toolClassOf(
  { toolClasses }: Pick<ServerRecord, 'toolClasses'>,
  own: string,
  saysItReads: boolean | undefined,
): ToolClass {
  if (toolClasses.write.includes(own)) return 'write';
  if (toolClasses.read.includes(own)) return 'read';
  return saysItReads === undefined ? 'unknown' : saysItReads ? 'read' : 'write';
}

/** Those names by which a rule can allow the thing: a tool of unknown class is none that is known to read. */
export function allowableNames(names: RuleNames): readonly string[] {
  return names.some((name, at) => at > 0 && name.startsWith(WRITE))
    ? names.filter((name, at) => at === 0 || !name.startsWith(READ))
    : names;
}

/** The names that nothing else has. */
export function ownNames(kind: RuleKind, server: string, own: string): RuleNames {
  switch (kind) {
    case 'tools':
      return [server === '' ? own : `${server}__${own}`];
    case 'prompts':
      return [PROMPT + (server === '' ? own : `${server}__${own}`)];
    case 'events':
      return [EVENT + (server === '' ? own : `${server}__${own}`)];
    case 'resources':
    case 'templates':
      if (server === '') return [RESOURCE + own];
      return keptScheme(own) === undefined
        ? [RESOURCE + own, RESOURCE + uriPrefix(server) + own]
        : [RESOURCE + own, RESOURCE + uriPrefix(server) + own, RESOURCE + exposedUri(server, own)];
  }
}

/**
 * The name of a thing that says its server: that of a resource without it is one of any server. `name`: the first of its names. Undefined where it
 * names a resource, and no server.
 */
export function nameAtServer(server: string, name: string): string | undefined {
  if (!name.startsWith(RESOURCE)) return name;
  return server === '' ? undefined : RESOURCE + uriPrefix(server) + name.slice(RESOURCE.length);
}

/** With what the names of a server's things begin: one list for each kind of thing, with one entry for each name that such a thing has. */
export function nameHeads(server: string): readonly (readonly string[])[] {
  return [
    [`${server}__`],
    [`${PROMPT}${server}__`],
    [`${EVENT}${server}__`],
    [RESOURCE, RESOURCE + uriPrefix(server)],
    ...KEPT_SCHEMES.map((scheme) => ownNames('resources', server, scheme)),
  ];
}

/** What a name means that is written as in rules. `resource:URI` does not name a server, so it may mean a resource of each of `servers`. */
export function subjectsOf(name: string, servers: readonly string[]): readonly Subject[] {
  if (!name.startsWith(RESOURCE)) {
    const [kind, head] = HEADS.find(([, each]) => name.startsWith(each)) ?? (['tools', ''] as const);
    const split = splitName(name.slice(head.length));
    if (split === undefined) return [{ server: '', names: [name] }];
    return [{ server: split.server, names: ruleNames(kind, split.server, split.rest) }];
  }
  const uri = name.slice(RESOURCE.length);
  const split = splitUri(uri);
  const named = split !== undefined && servers.includes(split.server) ? split : undefined;
  return (named === undefined ? servers : [named.server]).map((server) => ({
    server,
    names: ruleNames('resources', server, named?.rest ?? uri),
  }));
}
