// `resources/read`, `resources/subscribe`, `resources/unsubscribe`, and `skills/get` and `resources/directory/read` of the Skills extension: finds the server that a URI means, judges the request, and has it
// carried out.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { exposedUri, ruleNames } from '../../policy/naming.ts';
import { failureAnswer } from './answers.ts';
import { missingOne, type OneRequest, requestOne } from './request-one.ts';
import { readRequestParams } from './request-params.ts';
import { errorReply, type Reply } from '../reply.ts';
import { findByUri } from './own-name.ts';
import type { Handling } from '../request.ts';
import { asSeen } from './reserved-text.ts';
import { type SeenUri, seenUriFor, seenUriText } from './seen-uri.ts';
import { noServer, routeNow, writtenUri, type Route } from './route.ts';
import { withSeenSkill } from '../extensions/skill-uris.ts';
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
  const found = await findByUri(parts, scope, uri).catch((error: unknown) => ({ kind: 'failed', error }) as const);
  if (found.kind === 'failed')
    return failureAnswer(parts, handling, found.error, { name: '', workspaceId: scope.principal.workspaceId });
  if (found.kind === 'several') return found.answer;
  if (found.kind === 'nowhere') {
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
  const at = (route: Route): OneRequest => ({
    server: route.server,
    params: read,
    ...(onSent === undefined && {
      again() {
        const now = routeNow(parts, scope, route, exposedUri);
        return 'kind' in now ? now : at(now);
      },
    }),
    requested: () => ({
      ruleNames: ruleNames('resources', route.server.name, route.rest),
      replaced: { uri: JSON.stringify(route.rest) },
    }),
    rewrite(text) {
      const seenUri = seenUriFor(scope, route.server);
      const seen = withSeenUri(asSeen(text, route.server.name, seenUri), seenUri);
      return seenUri !== undefined && OF_SKILLS.has(request.method) ? withSeenSkill(seen, seenUri) : seen;
    },
    ...(onSent !== undefined && { onSent: () => onSent(route) }),
  });
  return await requestOne(parts, scope, handling, at(found.route));
}

/** Methods whose results name more URIs than that of the resource. */
const OF_SKILLS: ReadonlySet<string> = new Set(['skills/get', 'resources/directory/read']);

/** Replaces the server's URI in the `data` of an error by the URI that the client knows (MCP 2025-11-25, server/resources). */
function withSeenUri(text: string, seenUri: SeenUri | undefined): string {
  if (seenUri === undefined || !text.includes('"data"')) return text;
  const { members } = scanObject(text, 0, ['data']);
  const data = findMember(members, 'code') === undefined ? undefined : findMember(members, 'data')?.inner;
  const uri = findMember(data?.members ?? [], 'uri');
  const seen = uri && seenUriText(text.slice(uri.start, uri.end), seenUri);
  return uri === undefined || seen === undefined ? text : text.slice(0, uri.start) + seen + text.slice(uri.end);
}
