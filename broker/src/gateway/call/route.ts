// Which server a name or URI means. By what was written alone: the credential's bounds are the policy's matter, so that a denial can
// name them.
import type { ServerRecord } from '../../domain/server-record.ts';
import { splitName, splitUri, uriPrefix } from '../../policy/naming.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export interface Route {
  server: ServerRecord;
  /** The name or URI within the server; a name may be a cut one. */
  rest: string;
}

type Parts = Pick<GatewayParts, 'upstreams'>;

/** The one server of a session that shows one server under its own names. */
function onlyServer({ upstreams }: Parts, { principal, only }: SessionScope): ServerRecord | undefined {
  if (only === undefined) return undefined;
  return upstreams.servers(principal.workspaceId).find((each) => each.name === only || each.id === only);
}

/** Why nothing can be found in a session that shows one server under its own names; undefined: that one is there. */
export function noServer(parts: Parts, scope: SessionScope): string | undefined {
  if (scope.only === undefined || onlyServer(parts, scope) !== undefined) return undefined;
  return `[mcpgate] there is no server ${JSON.stringify(scope.only.slice(0, 100))} that you may use`;
}

export function serverByName(parts: Parts, scope: SessionScope, name: string): Route | undefined {
  return routeBy(parts, scope, name, splitName);
}

export function serverByUri(parts: Parts, scope: SessionScope, uri: string): Route | undefined {
  return routeBy(parts, scope, uri, splitUri);
}

/** Server and name as they were written, where there may be no such server; without a server's name it is empty. */
export function writtenName({ only }: Pick<SessionScope, 'only'>, name: string): { server: string; rest: string } {
  return only === undefined ? (splitName(name) ?? { server: '', rest: name }) : { server: only, rest: name };
}

/** The same of a URI. */
export function writtenUri({ only }: Pick<SessionScope, 'only'>, uri: string): { server: string; rest: string } {
  return only === undefined ? (splitUri(uri) ?? { server: '', rest: uri }) : { server: only, rest: uri };
}

function routeBy(
  parts: Parts,
  scope: SessionScope,
  text: string,
  split: (text: string) => { server: string; rest: string } | undefined,
): Route | undefined {
  if (scope.only !== undefined) {
    const server = onlyServer(parts, scope);
    return server === undefined ? undefined : { server, rest: text };
  }
  const found = split(text);
  if (found === undefined) return undefined;
  const server = parts.upstreams.servers(scope.principal.workspaceId).find(({ name }) => name === found.server);
  return server === undefined ? undefined : { server, rest: found.rest };
}

/** What goes before the server's own URIs in this session. */
export function prefixFor({ only }: SessionScope, server: ServerRecord): string {
  return only === undefined ? uriPrefix(server.name) : '';
}
