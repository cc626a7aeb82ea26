// `events/poll`, `events/stream`, `events/subscribe` and `events/unsubscribe`: finds the server of the event type, and has the request judged by the
// type's name, recorded and carried out. What a server posts to the URL of a subscription goes there without mcpgate, for as long as
// subscription-lease.ts says.
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { eventClass, ruleNames } from '../../policy/naming.ts';
import type { Verdict } from '../../policy/verdict.ts';
import { failureAnswer } from '../call/answers.ts';
import { missingOne, requestOne, type OneRequest } from '../call/request-one.ts';
import { readRequestParams } from '../call/request-params.ts';
import { asSeen } from '../call/reserved-text.ts';
import { type Route, serverByName, writtenName } from '../call/route.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { errorReply, NO_REPLY, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { EXTENSION } from './declared.ts';
import { streamEnded, TOO_MANY_STREAMS } from './event-streams.ts';
import { seenEvent, serversWith } from './extension-lists.ts';
import { isGrantedTooLong, leaseText, tooLong } from './subscription-lease.ts';

/** Never rejects. */
export async function requestOfEvent(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { request } = handling;
  const invalid = (message: string) => errorReply(RPC_CODE.invalidParams, message);
  const read = readRequestParams(request);
  if (typeof read === 'string') return invalid(read);
  const { name } = request.params;
  if (typeof name !== 'string') return invalid('"name" must be a string');
  const args = request.params['arguments'];
  if (args !== undefined && !isRecord(args)) return invalid('"arguments" must be an object');
  const { workspaceId } = scope.principal;
  const route = await findEvent(parts, scope, name).catch((error: unknown) => ({ error }));
  if (route !== undefined && 'error' in route)
    return failureAnswer(parts, handling, route.error, { name: '', workspaceId });
  if (route === undefined) {
    const error = invalid(`there is no event type ${JSON.stringify(name.slice(0, 200))}; list the events again`);
    return await missingOne(parts, scope, handling, {
      ...{ ...writtenName(scope, name), kind: 'events', traceId: read.traceId, error },
    });
  }
  const { server, rest } = route;
  const seen = (own: string) => seenEvent(scope, server, own);
  const isSubscribing = request.method === 'events/subscribe';
  const one: OneRequest = {
    server,
    params: read,
    requested: () => ({
      ruleNames: ruleNames('events', server.name, rest, eventClass(request.method)),
      replaced: { name: JSON.stringify(rest), ...(isSubscribing && { ttlMs: leaseText(request.params['ttlMs']) }) },
    }),
    rewrite: (text) => withSeenNames(asSeen(text, server.name), seen),
  };
  if (isSubscribing) {
    const reply = await requestOne(parts, scope, handling, one);
    const isKept = reply.kind === 'result' && isGrantedTooLong(reply.text, parts.clock.now());
    if (!isKept) return reply;
    return await unsubscribed(parts, scope, handling, { route, one });
  }
  if (request.method !== 'events/stream') return await requestOne(parts, scope, handling, one);
  const stream = parts.eventStreams.open(scope, handling, { server, rest, seen });
  if (stream === undefined) return errorReply(TOO_MANY_STREAMS.code, TOO_MANY_STREAMS.message);
  try {
    const signal = AbortSignal.any([handling.signal, stream.ended]);
    const reply = await requestOne(
      parts,
      scope,
      { ...handling, signal },
      {
        ...one,
        onStreamed: (method, paramsText) => stream.onStreamed(method, paramsText),
        requested(policy) {
          stream.openedUnder(policy);
          return one.requested(policy);
        },
      },
    );
    if (handling.signal.aborted) return NO_REPLY;
    // However a stream ends that was open, its client opens another one from where it is.
    return stream.isOpen || stream.ended.aborted || reply.kind === 'result' ? streamEnded(handling.idText) : reply;
  } finally {
    stream.close();
  }
}

const ENDED_BY_US: Verdict = { decision: 'allow', rule: null, reason: '' };

/** Ends what was just begun, and says why. It is mcpgate that wants it ended, so the rules are not asked. */
async function unsubscribed(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  { route: { server, rest }, one }: { route: Route; one: OneRequest },
): Promise<Reply> {
  const request = { ...handling.request, method: 'events/unsubscribe' };
  const params = readRequestParams(request);
  if (typeof params === 'string') return errorReply(RPC_CODE.invalidParams, params);
  const ended = await requestOne(
    parts,
    scope,
    // Whoever asked may have gone meanwhile.
    { ...handling, request, signal: new AbortController().signal },
    {
      ...one,
      params,
      requested: () => ({
        ruleNames: ruleNames('events', server.name, rest, eventClass(request.method)),
        replaced: { name: JSON.stringify(rest) },
        verdict: ENDED_BY_US,
      }),
    },
  );
  return errorReply(RPC_CODE.serverError, tooLong(server.name, ended.kind === 'result'));
}

/** An event type without its server means that of the only server with events. */
async function findEvent(parts: GatewayParts, scope: SessionScope, name: string): Promise<Route | undefined> {
  const route = serverByName(parts, scope, name);
  if (route !== undefined || scope.only !== undefined) return route;
  const [server, ...others] = await serversWith(parts, scope, EXTENSION.events);
  if (server === undefined || others.length > 0) return undefined;
  return { server, rest: name, written: seenEvent(scope, server, name) };
}

/** The result of a poll, with the names that the client knows. */
function withSeenNames(text: string, seen: (own: string) => string): string {
  const events = findMember(scanObject(text).members, 'events');
  if (events === undefined || text.charAt(events.start) !== '[') return text;
  let out = text;
  for (const { start } of scanArray(text, events.start).toReversed()) {
    const at = text.charAt(start) === '{' ? findMember(scanObject(text, start).members, 'name') : undefined;
    const name: unknown = at === undefined ? undefined : JSON.parse(text.slice(at.start, at.end));
    if (at !== undefined && typeof name === 'string')
      out = out.slice(0, at.start) + JSON.stringify(seen(name)) + out.slice(at.end);
  }
  return out;
}
