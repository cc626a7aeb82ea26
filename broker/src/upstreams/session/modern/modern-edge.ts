// The edge towards servers of MCP from 2026-07-28 on. Every request says which AI client asks and what it can do, so that a shared connection
// serves as well as one of a person's own. There is no session; the server's notifications come on `subscriptions/listen` (listening.ts).
import { answerText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { GateError } from 'mcpgate-shared/error';
import { MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { attemptOf, notExecuted } from '../../attempt.ts';
import { CHANGES, type Edge, type EdgeOptions } from '../edge.ts';
import { throughRounds } from './input-rounds.ts';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import { legacyResult, withLegacyStructure } from '../legacy/legacy-result.ts';
import { createListening } from './listening.ts';
import { errorCodeOf } from './modern-error.ts';
import { PASSED_ON, withClientMeta } from './modern-handshake.ts';
import { createRequestHeaders } from './request-headers.ts';
import { remedy } from '../../remedy.ts';
import { withoutSubscriptionMark } from './subscription-mark.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import type { ServerFacts, UpstreamReply, UpstreamRequest } from '../../upstream.ts';

/** Requests of legacy clients that mcpgate answers itself: modern servers do not know them. */
const ANSWERED_HERE: ReadonlySet<string> = new Set(['ping', 'logging/setLevel']);

export function createModernEdge(options: EdgeOptions, facts: ServerFacts): Edge {
  const { serverName, peer, lists } = options;
  /** The requests under way that want to hear the server's log messages; on stdio a message does not say which request it is about. */
  const hearers = new Set<(method: string, paramsText: string) => void>();
  const requestHeaders = createRequestHeaders(lists);
  const listening = createListening({
    serverName,
    clock: options.clock,
    capabilities: facts.capabilities,
    send: (filter, onId, signal) =>
      sendOnce(
        { method: 'subscriptions/listen', signal, paramsText: '' },
        JSON.stringify({ notifications: filter }),
        0,
        onId,
      ),
    onGap() {
      for (const kind of LIST_KINDS) lists.refresh(kind);
    },
  });

  async function sendOnce(
    request: UpstreamRequest,
    paramsText: string,
    timeoutMs: number,
    onLastingId?: (id: number) => void,
  ): Promise<UpstreamReply> {
    const { method, requester, onNotification } = request;
    const text = withClientMeta(paramsText, {
      brokerVersion: options.brokerVersion,
      capabilitiesText: requester?.capabilitiesText ?? PASSED_ON,
      logLevel: requester?.logLevel,
    });
    const headers = peer.wire.answersInSend ? await requestHeaders(method, paramsText) : undefined;
    if (onNotification !== undefined) hearers.add(onNotification);
    try {
      return await peer.send(
        {
          method,
          paramsText: text,
          signal: request.signal,
          ...(request.pieces !== undefined && { pieces: request.pieces }),
          ...(request.trace !== undefined && { trace: request.trace }),
          ...(request.takesPieces !== undefined && { takesPieces: request.takesPieces }),
          ...(request.onProgress !== undefined && { onProgress: request.onProgress }),
          ...(request.onStreamed !== undefined && { onStreamed: request.onStreamed }),
          ...(request.onLateAnswer !== undefined && { onLateAnswer: request.onLateAnswer }),
          ...(onNotification !== undefined && { onNotification }),
          ...(headers !== undefined && { headers }),
          ...(onLastingId !== undefined && { isLasting: true, onId: onLastingId }),
        },
        timeoutMs,
      );
    } catch (error) {
      if (remedy(attemptOf(error), { what: 'modern_request' }) === 'other_generation') throw misjudged();
      throw error;
    } finally {
      if (onNotification !== undefined) hearers.delete(onNotification);
    }
  }

  function misjudged(): GateError {
    options.onMisjudged();
    return notExecuted('session_lost', `server ${serverName} does not speak ${MODERN_VERSION} any more`);
  }

  async function send(request: UpstreamRequest, paramsText: string, timeoutMs: number): Promise<UpstreamReply> {
    const reply = await sendOnce(request, paramsText, timeoutMs);
    const code = errorCodeOf(reply);
    if (code === RPC_CODE.unsupportedProtocolVersion) throw misjudged();
    if (code !== RPC_CODE.headerMismatch || request.method !== 'tools/call') return reply;
    // The tool may want other parameters in headers than when it was listed.
    lists.forget('tools');
    await lists.get('tools', request.signal);
    return await sendOnce(request, paramsText, timeoutMs);
  }

  async function follow(request: UpstreamRequest): Promise<UpstreamReply> {
    const uri = stringOf(parseRecord(request.paramsText)?.['uri']);
    if (uri === undefined) throw new GateError('upstream', `${request.method} names no URI`);
    await (request.method === 'resources/subscribe' ? listening.follow(uri) : listening.unfollow(uri));
    return DONE;
  }

  return {
    facts,
    async request(request, timeoutMs) {
      const { method, requester } = request;
      if (ANSWERED_HERE.has(method)) return DONE;
      if (method === 'resources/subscribe' || method === 'resources/unsubscribe') return await follow(request);
      const reply = await throughRounds(serverName, options.clock, request, (paramsText) =>
        send(request, paramsText, timeoutMs),
      );
      if (reply.kind === 'error' || requester?.generation !== 'legacy') return reply;
      return { ...reply, text: withLegacyStructure(legacyResult(reply.text), reply.pieces) };
    },
    // Modern clients have no notifications for servers but cancellations, which the peer sends.
    notify: () => Promise.resolve(),
    onRequest(idText, method) {
      const error = JSON.stringify({
        code: RPC_CODE.methodNotFound,
        message: `${method} is no request of ${facts.protocolVersion}`,
      });
      void peer.tell(answerText(idText, 'error', error));
    },
    onNotification(method, params, paramsText) {
      if (listening.onNotification(method, params)) return;
      const changed = CHANGES.get(method);
      const [hearer] = hearers;
      if (changed !== undefined) {
        for (const kind of changed) {
          lists.forget(kind);
          options.onListChanged(kind);
        }
      } else if (method === 'notifications/message' && hearers.size === 1 && hearer !== undefined) {
        // Only where one request is under way it is certain which one the message is about.
        hearer(method, paramsText);
      } else options.onNotification(method, withoutSubscriptionMark(paramsText));
    },
    start: () => listening.start(),
    close: () => listening.close(),
  };
}

const DONE: UpstreamReply = { kind: 'result', text: '{}', isToolError: false };
const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];
