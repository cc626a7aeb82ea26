// `tools/call` and `prompts/get`: finds the server and entry that the name means, judges the request, and has it carried out.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { ServerRecord } from '../../domain/server-record.ts';
import { placeOf } from '../../upstreams/upstream.ts';
import { callConnect } from '../accounts/connect-tool.ts';
import type { Judged } from './call-intent.ts';
import { readCallParams, type CallParams } from './call-params.ts';
import { carryOut } from './carry-out.ts';
import type { Call } from './forward.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import { splitName } from '../../policy/naming.ts';
import { failureAnswer } from './answers.ts';
import { argumentsOf, factsOf } from './facts.ts';
import { namedEntry, type Named, type NamedKind } from './named-entry.ts';
import { answerMissing } from './not-forwarded.ts';
import { findByName } from './own-name.ts';
import { errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { asSeen } from './reserved-text.ts';
import { seenUriFor } from './seen-uri.ts';
import { noServer, type Route, routeNow, serverByName, prefixFor, writtenName } from './route.ts';
import type { CompiledPolicy, Facts } from '../../policy/verdict.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { withSeenTaskIds } from '../tasks/task-ids.ts';

/** Never rejects. */
export async function requestByName(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  kind: NamedKind,
): Promise<Reply> {
  const { request } = handling;
  const startedAt = parts.elapsedMs();
  const params = readCallParams(request);
  if (typeof params === 'string') return errorReply(RPC_CODE.invalidParams, params);
  const { principal } = scope;
  let server = serverByName(parts, scope, params.name)?.server.name ?? '';
  try {
    const removed = server === '' ? removedServer(scope, params.name) : undefined;
    if (removed !== undefined) return removed;
    const found = await findByName(parts, scope, kind, params.name);
    if (found.kind === 'several') return found.answer;
    const route = found.kind === 'route' ? found.route : undefined;
    server = route?.server.name ?? '';
    const cached = parts.policies.get(principal.workspaceId);
    const policy = cached instanceof Promise ? await cached : cached;
    const own =
      route && kind === 'tools' && (await callConnect(parts, scope, handling, policy, route, params.progressToken));
    if (own) return own;
    const facts = factsOf(parts, scope, handling, () => argumentsOf(request));
    const { argsDigest, argKeys, traceId } = params;
    const asked = { argsDigest, argKeys, traceId, startedAt };
    const error = () => errorReply(RPC_CODE.invalidParams, noServer(parts, scope) ?? unknownName(kind, params.name));
    const call = route && (await findCall(parts, scope, handling, kind, route, policy, params, asked, facts));
    if (route === undefined || call === undefined) {
      const written = route === undefined ? writtenName(scope, params.name) : { server, rest: route.rest };
      return await answerMissing(parts, scope, request, policy, {
        ...{ ...asked, ...written, kind, facts },
        error: error(),
      });
    }
    return await carryOut(parts, scope, handling, {
      ...call,
      async again() {
        // What was asked for at one server never goes to another, whatever the name means by now.
        const now = routeNow(parts, scope, route, exposedName);
        if ('kind' in now) return now;
        const rules = await parts.policies.get(principal.workspaceId);
        return (await findCall(parts, scope, handling, kind, now, rules, params, asked, facts)) ?? error();
      },
    });
  } catch (error) {
    return failureAnswer(parts, handling, error, { name: server, workspaceId: principal.workspaceId });
  }
}

type NamedPart = Omit<Judged, 'what' | 'verdict' | 'policyVersion'>;

/** The call of what the name means at its server; undefined where there is no such thing. */
async function findCall(
  parts: GatewayParts,
  scope: SessionScope,
  { signal }: Handling,
  kind: NamedKind,
  route: Route,
  policy: CompiledPolicy,
  params: CallParams,
  asked: NamedPart,
  facts: Facts,
): Promise<Call | undefined> {
  const found = await namedEntry(parts, scope, policy, signal, kind, route, facts);
  if (found.kind === 'missing') return undefined;
  const { server } = route;
  const judged = { ...asked, verdict: found.verdict, policyVersion: policy.version };
  if (found.kind === 'listed') return callOf(parts, scope, kind, server, { params, judged, entry: found.entry });
  return {
    ...judged,
    server,
    what: found.ruleNames[0],
    paramsText: '{}',
    progressToken: params.progressToken,
    rewrite: (text) => text,
    ...(found.kind === 'unreadable' && { failure: found.error }),
  };
}

function callOf(
  parts: GatewayParts,
  scope: SessionScope,
  kind: NamedKind,
  server: ServerRecord,
  { params, judged, entry }: { params: CallParams; judged: Omit<Judged, 'what'>; entry: Named },
): Call {
  return {
    ...judged,
    server,
    what: entry.ruleNames[0],
    paramsText: params.forUpstream(entry.ownKey),
    progressToken: params.progressToken,
    ...(server.trustAnnotations && entry.repeatable !== undefined && { repeatable: entry.repeatable }),
    rewrite(text) {
      const prefix = prefixFor(scope, server);
      const seen = asSeen(text, server.name, seenUriFor(scope, server));
      if (kind === 'prompts') return seen;
      return withSeenTaskIds(seen, prefix, false, (ownId) =>
        parts.tasks.note(server, placeOf(server, scope.requester), {
          owner: scope.requester.userKey,
          sessionId: scope.id,
          server: server.name,
          ownId,
          ruleNames: entry.ruleNames,
        }),
      );
    },
  };
}

/** The answer to a call of a server that a grant is bound to and that has been removed: it says so, because the name is no typing error. */
function removedServer({ principal }: SessionScope, name: string): Reply | undefined {
  const server = splitName(name)?.server;
  if (server === undefined || principal.servers?.includes(server) !== true) return undefined;
  const { label } = principal.credential;
  const message = `[mcpgate] the grant ${label} is bound to the server ${server}, which is not offered any more; ask your platform team for a new grant`;
  return errorReply(RPC_CODE.invalidParams, message);
}

function unknownName(kind: NamedKind, name: string): string {
  const what = kind === 'tools' ? 'tool' : 'prompt';
  return `there is no ${what} ${JSON.stringify(name.slice(0, 200))}; list the ${what}s again`;
}
