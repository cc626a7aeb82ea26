// The edge towards servers of MCP up to 2025-11-25: requests go as they are, and the server may ask questions in return over the same connection.
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { notExecuted } from '../../attempt.ts';
import { errorCodeOf } from '../modern/modern-error.ts';
import { CHANGES, QUESTIONS, TASK_QUESTIONS, type Edge, type EdgeOptions } from '../edge.ts';
import { idKey } from '../../../mcp/json-rpc-guard.ts';
import { withLegacyStructure } from './legacy-result.ts';
import { paramsOf } from '../rpc-peer.ts';
import type { ServerFacts } from '../../upstream.ts';

/** How many questions of one server may be open at the same time. */
const MAX_QUESTIONS = 64;

export function createLegacyEdge(options: EdgeOptions, facts: () => ServerFacts): Edge {
  const { serverName, peer } = options;
  /** The server's open questions, by `idKey` of their ids. */
  const questions = new Map<string, AbortController>();

  async function answer(idText: string, method: string, text: string): Promise<void> {
    if (method === 'ping') return peer.tell(answerText(idText, 'result', '{}'));
    const { requester } = options;
    const refuse = (code: number, message: string) =>
      peer.tell(answerText(idText, 'error', JSON.stringify({ code, message })));
    // On a shared connection it cannot be told whom the server asks.
    if (requester === undefined || !(QUESTIONS.has(method) || TASK_QUESTIONS.has(method)))
      return refuse(RPC_CODE.methodNotFound, `mcpgate does not offer ${method}`);
    const key = idKey(JSON.parse(idText), idText);
    if (questions.has(key))
      return refuse(RPC_CODE.invalidRequest, `request ${idText} is still under way; use another id`);
    if (questions.size >= MAX_QUESTIONS)
      return refuse(RPC_CODE.serverError, `${MAX_QUESTIONS} questions are open already`);
    const controller = new AbortController();
    questions.set(key, controller);
    const reply = await requester.ask({
      server: serverName,
      method,
      paramsText: paramsOf(text),
      signal: controller.signal,
    });
    questions.delete(key);
    if (controller.signal.aborted || peer.isClosed) return;
    await peer.tell(answerText(idText, reply.kind, reply.text));
  }

  function withdraw(id: unknown, paramsText: string): void {
    const at = findMember(scanObject(paramsText).members, 'requestId');
    if (at !== undefined) questions.get(idKey(id, paramsText.slice(at.start, at.end)))?.abort();
  }

  return {
    get facts() {
      return facts();
    },
    async request(request, timeoutMs) {
      const reply = await peer.send(
        {
          method: request.method,
          paramsText: request.paramsText,
          signal: request.signal,
          ...(request.pieces !== undefined && { pieces: request.pieces }),
          ...(request.trace !== undefined && { trace: request.trace }),
          ...(request.takesPieces !== undefined && { takesPieces: request.takesPieces }),
          ...(request.onProgress !== undefined && { onProgress: request.onProgress }),
          ...(request.onStreamed !== undefined && { onStreamed: request.onStreamed }),
          ...(request.onLateAnswer !== undefined && { onLateAnswer: request.onLateAnswer }),
          ...(request.onNotification !== undefined && { onNotification: request.onNotification }),
        },
        timeoutMs,
      );
      const code = errorCodeOf(reply);
      // Only a modern server answers with these errors: the server has changed its generation.
      if (code !== RPC_CODE.headerMismatch && code !== RPC_CODE.unsupportedProtocolVersion) {
        if (reply.kind === 'error' || request.requester?.generation !== 'legacy') return reply;
        return { ...reply, text: withLegacyStructure(reply.text, reply.pieces) };
      }
      options.onMisjudged();
      throw notExecuted('session_lost', `server ${serverName} now speaks a newer protocol`);
    },
    notify: (method, paramsText) => peer.tell(noticeText(method, paramsText)),
    onRequest: (idText, method, text) => void answer(idText, method, text),
    onNotification(method, params, paramsText) {
      const changed = CHANGES.get(method);
      if (method === 'notifications/cancelled') withdraw(params['requestId'], paramsText);
      else if (changed === undefined) options.onNotification(method, paramsText);
      else {
        for (const kind of changed) {
          options.lists.forget(kind);
          options.onListChanged(kind);
        }
      }
    },
    start: () => undefined,
    close() {
      for (const controller of questions.values()) controller.abort();
      questions.clear();
    },
  };
}
