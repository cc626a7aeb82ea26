// `resources/read`, `resources/subscribe` and `resources/unsubscribe`: which server a URI means, and whether the caller may.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { ruleNames } from '../../policy/naming.ts';
import { missingOne, requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { asSeen } from './reserved-text.ts';
import { noServer, prefixFor, serverByUri, writtenUri, type Route } from './route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

/** `onSent` is told the route of a request when it is sent; what it returns is called where the server does not grant it. Never rejects. */
export async function requestByUri(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  onSent?: (route: Route) => () => void,
): Promise<Reply> {
  const { request } = handling;
  const { uri } = request.params;
  const read = readRequestParams(request);
  if (typeof read === 'string') return errorReply(RPC_CODE.invalidParams, read);
  if (typeof uri !== 'string') return errorReply(RPC_CODE.invalidParams, '"uri" must be a string');
  const route = serverByUri(parts, scope, uri);
  if (route === undefined) {
    const message =
      noServer(parts, scope) ?? `there is no resource ${JSON.stringify(uri.slice(0, 200))}; list the resources again`;
    const code = scope.requester.generation === 'modern' ? RPC_CODE.invalidParams : RPC_CODE.resourceNotFound;
    return await missingOne(parts, scope, handling, {
      ...writtenUri(scope, uri),
      kind: 'resources',
      traceId: read.traceId,
      error: errorReply(code, message, { uri }),
    });
  }
  const { server, rest } = route;
  return requestOne(parts, scope, handling, {
    server,
    params: read,
    asked: () => ({
      ruleNames: ruleNames('resources', server.name, rest),
      replaced: { uri: JSON.stringify(rest) },
    }),
    rewrite(text) {
      const prefix = prefixFor(scope, server);
      return withSeenUri(asSeen(text, server.name, prefix), prefix);
    },
    ...(onSent !== undefined && { onSent: () => onSent(route) }),
  });
}

/** An error that says in its data which resource it is about (2025-11-25, server/resources) says it as the client knows it. */
function withSeenUri(text: string, prefix: string): string {
  if (prefix === '' || !text.includes('"data"')) return text;
  const { members } = scanObject(text, 0, ['data']);
  const data = findMember(members, 'code') === undefined ? undefined : findMember(members, 'data')?.inner;
  const uri = findMember(data?.members ?? [], 'uri');
  if (uri === undefined || text.charAt(uri.start) !== '"') return text;
  return text.slice(0, uri.start + 1) + prefix + text.slice(uri.start + 1);
}
