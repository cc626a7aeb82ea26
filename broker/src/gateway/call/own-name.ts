// Finds the server of a name or URI that was written without its server. An app calls its own server's tools by that server's own names, because it
// knows nothing of other servers, and so do people and models. Such a name means a thing where exactly one server has it that the caller may use.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { exposedUri } from '../../policy/naming.ts';
import { ofSeveral, serversToAsk } from '../../policy/own-name.ts';
import { factsWithoutCall } from './facts.ts';
import type { CatalogList } from '../lists/catalog.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import { inTime } from '../lists/in-time.ts';
import { errorReply, type Answer } from '../reply.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { NamedKind } from './named-entry.ts';
import { type Route, serverByName, serverByUri } from './route.ts';

export type Found =
  | { kind: 'route'; route: Route }
  /** Several servers have it; the answer names them. */
  | { kind: 'several'; answer: Answer }
  | { kind: 'nowhere' };

type Parts = Pick<
  GatewayParts,
  'upstreams' | 'policies' | 'catalog' | 'definitions' | 'clock' | 'log' | 'listDeadlineMs' | 'waits' | 'refused'
>;

const NOWHERE: Found = { kind: 'nowhere' };

export async function findByName(parts: Parts, scope: SessionScope, kind: NamedKind, name: string): Promise<Found> {
  const route = serverByName(parts, scope, name);
  if (route !== undefined) return { kind: 'route', route };
  return await findOwn(parts, scope, {
    kind,
    own: name,
    async has(server) {
      const listed = await listOf(parts, scope, kind, server);
      // A server that cannot be read now may still be the one that is meant. Without this the call, and what it says, would go to another one.
      return listed?.byOwnKey.has(name) ?? (await parts.definitions.hasListed(server, { kind, name }));
    },
    holds: (server) =>
      parts.catalog.known(kind, server, scope.requester)?.held?.some(({ ownKey }) => ownKey === name) === true,
    exposed: exposedName,
  });
}

export async function findByUri(parts: Parts, scope: SessionScope, uri: string): Promise<Found> {
  const route = serverByUri(parts, scope, uri);
  if (route !== undefined) return { kind: 'route', route };
  return await findOwn(parts, scope, {
    kind: 'resources',
    own: uri,
    async has(server) {
      const listed = await listOf(parts, scope, 'resources', server);
      if (listed?.byOwnKey.has(uri) === true) return true;
      // A resource that only shows the results of tools need not be listed (SEP-1865, "Resource Discovery").
      const tools = uri.startsWith('ui://') ? await listOf(parts, scope, 'tools', server) : undefined;
      return tools?.all.some(({ opens }) => opens?.includes(uri) === true) === true;
    },
    exposed: exposedUri,
  });
}

interface Own {
  kind: NamedKind | 'resources';
  own: string;
  has: (server: ServerRecord) => Promise<boolean>;
  /** Whether it waits there for a person, so that it is not listed. */
  holds?: (server: ServerRecord) => boolean;
  /** What clients see for it, if it is this server's. */
  exposed: (server: string, own: string) => string;
}

async function findOwn(parts: Parts, scope: SessionScope, { kind, own, has, holds, exposed }: Own): Promise<Found> {
  const { principal } = scope;
  if (scope.only !== undefined) return NOWHERE;
  const servers = serversOf(parts.upstreams, scope);
  const policy = await parts.policies.get(principal.workspaceId);
  const allowed = serversToAsk(policy, { principal, facts: factsWithoutCall(parts, scope) }, servers, kind, own);
  const having = await Promise.all(allowed.map(async (server) => ((await has(server)) ? [server] : [])));
  // What is held answers to its name only where nothing that is served has it: then the denial says that it is held.
  const found = having.some((of) => of.length > 0)
    ? having.flat()
    : allowed.filter((server) => holds?.(server) === true);
  const [server] = found;
  if (server === undefined) return NOWHERE;
  if (found.length === 1) return { kind: 'route', route: { server, rest: own, written: exposed(server.name, own) } };
  const message = ofSeveral(
    quoteForeign(own),
    found.map(({ name }) => quoteForeign(exposed(name, own))),
  );
  return { kind: 'several', answer: errorReply(RPC_CODE.invalidParams, message) };
}

/** The list as it was read last; it is read where it never was. Undefined: it does not answer in time. */
async function listOf(
  parts: Parts,
  scope: SessionScope,
  kind: NamedKind | 'resources',
  server: ServerRecord,
): Promise<CatalogList | undefined> {
  const { requester } = scope;
  return (
    parts.catalog.known(kind, server, requester) ??
    (await inTime(parts, server, scope, kind, parts.catalog.list(kind, server, requester)))
  );
}
