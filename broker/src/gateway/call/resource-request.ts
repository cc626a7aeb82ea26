// `resources/read`, `resources/subscribe` and `resources/unsubscribe`: finds the server that a URI means, judges the request, and has it
// carried out.
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

/**
 * `onSent` is called when the request is sent; the function that it returns is called if the server does not answer with a result. Never
 * rejects.
 */
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
    mayWait: onSent === undefined,
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

/** Replaces the server's URI in the `data` of an error by the URI that the client knows (MCP 2025-11-25, server/resources). */
function withSeenUri(text: string, prefix: string): string {
  if (prefix === '' || !text.includes('"data"')) return text;
  const { members } = scanObject(text, 0, ['data']);
  const data = findMember(members, 'code') === undefined ? undefined : findMember(members, 'data')?.inner;
  const uri = findMember(data?.members ?? [], 'uri');
  if (uri === undefined || text.charAt(uri.start) !== '"') return text;
  return text.slice(0, uri.start + 1) + prefix + text.slice(uri.start + 1);
}
