// Finds the server that a name or URI means, going only by what the client wrote. Whether the credential is bound to other servers is left to
// the policy, so that the denial can say so.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { serverCalled, serverNamed, type ServerRecord } from '../../domain/server-record.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import { exposedUri, splitName, splitUri, uriPrefix } from '../../policy/naming.ts';
import { type Answer, errorReply } from '../reply.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { reachedBy, type SessionScope } from '../session-scope.ts';

export interface Route {
  server: ServerRecord;
  /** What was written; with the server's present name where it was a former one. */
  written: string;
  /** The name or URI within the server; the name may be a shortened one (`exposed-name.ts`). */
  rest: string;
}

type Parts = Pick<GatewayParts, 'upstreams'>;

/** In a session that shows one server under its own names: that server. */
function onlyServer({ upstreams }: Parts, { principal, only }: SessionScope): ServerRecord | undefined {
  if (only === undefined) return undefined;
  return serverNamed(upstreams.servers(principal.workspaceId), only);
}

/** In a session that shows one server under its own names: a sentence where that server does not exist, else undefined. */
export function noServer(parts: Parts, scope: SessionScope): string | undefined {
  if (scope.only === undefined || onlyServer(parts, scope) !== undefined) return undefined;
  return `[mcpgate] there is no server or bundle ${JSON.stringify(scope.only.slice(0, 100))} that you may use`;
}

export function serverByName(parts: Parts, scope: SessionScope, name: string): Route | undefined {
  return routeBy(parts, scope, name, splitName, exposedName);
}

export function serverByUri(parts: Parts, scope: SessionScope, uri: string): Route | undefined {
  return routeBy(parts, scope, uri, splitUri, exposedUri);
}

/** Takes a name apart without looking whether the server exists; `server` is empty where the name has none. */
export function writtenName({ only }: Pick<SessionScope, 'only'>, name: string): { server: string; rest: string } {
  return only === undefined ? (splitName(name) ?? { server: '', rest: name }) : { server: only, rest: name };
}

/** Does the same with a URI. */
export function writtenUri({ only }: Pick<SessionScope, 'only'>, uri: string): { server: string; rest: string } {
  return only === undefined ? (splitUri(uri) ?? { server: '', rest: uri }) : { server: only, rest: uri };
}

function routeBy(
  parts: Parts,
  scope: SessionScope,
  text: string,
  split: (text: string) => { server: string; rest: string } | undefined,
  join: (server: string, rest: string) => string,
): Route | undefined {
  if (scope.only !== undefined) {
    const server = onlyServer(parts, scope);
    return server === undefined ? undefined : { server, written: text, rest: text };
  }
  const found = split(text);
  if (found === undefined) return undefined;
  const { rest } = found;
  const server = serverCalled(reachedBy(parts.upstreams, scope), found.server);
  if (server === undefined) return undefined;
  return { server, rest, written: server.name === found.server ? text : join(server.name, rest) };
}

/**
 * The same of the same server, after a wait during which it may have been renamed, whoever has its former name by now; or the answer where the server is
 * not there any more. `join`: writes its name and the name or URI of the thing as one.
 */
export function routeNow(
  { upstreams }: Parts,
  scope: SessionScope,
  { server, rest, written }: Route,
  join: (server: string, rest: string) => string,
): Route | Answer {
  const now = reachedBy(upstreams, scope).find(({ id }) => id === server.id);
  if (now === undefined) {
    const message = `[mcpgate] server ${server.name}, which the call was for, was removed while the call waited; nothing was carried out`;
    return errorReply(RPC_CODE.invalidParams, message);
  }
  const isSame = now.name === server.name || scope.only !== undefined;
  return { server: now, rest, written: isSame ? written : join(now.name, rest) };
}

/** The text that stands before the server's own task ids in this session. */
export function prefixFor({ only }: SessionScope, server: ServerRecord): string {
  return only === undefined ? uriPrefix(server.name) : '';
}
