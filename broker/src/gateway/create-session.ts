// One session: reads the client's messages, keeps what is under way, answers. Text in, text out; of large messages the pieces beside it.
import { randomUUID } from 'node:crypto';
import { findMember } from 'mcpgate-shared/json-span';
import type { Principal } from '../domain/principal.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Pieces } from '../message/pieces.ts';
import { uriPrefix } from '../policy/judge.ts';
import { idKey, isRecord, parseRecord, stringOf, type JsonRecord } from '../upstreams/json-rpc-guard.ts';
import { placeOf, type ListKind, type UpstreamEvent } from '../upstreams/upstream.ts';
import { keptCapabilities } from './absent.ts';
import { notOffered, refusedRequest, type RefusedRequest } from './admission.ts';
import { errorMessage, errorObject, resultMessage } from './answers.ts';
import { hearNotification } from './client-notifications.ts';
import { clientOffers } from './client-offers.ts';
import { createClientQuestions } from './client-questions.ts';
import { complete } from './complete.ts';
import { readEnvelope, type ClientRequest, type Envelope } from './envelope.ts';
import type { Belongs, GatewaySession, SendToClient, ToolMode } from './gateway.ts';
import { initializeResult } from './initialize.ts';
import { tellListChange } from './list-changes.ts';
import { createListNotices } from './list-notices.ts';
import { LIST_METHODS, listKind } from './lists.ts';
import { isLogged, setLogLevel, tellLogLevel } from './logging.ts';
import { requestByName } from './named-request.ts';
import { createModernEdge } from './modern/modern-edge.ts';
import { isModern } from './modern/modern-meta.ts';
import type { ParamHeaders } from './modern/param-headers.ts';
import { requestByUri } from './resource-request.ts';
import { tellUpdate, UPDATED } from './resource-updates.ts';
import { prefixFor } from './route.ts';
import { serverNotification } from './server-notification.ts';
import { insteadOf, refuseCut, refuseLong } from './message-limit.ts';
import { sessionInfo } from './session-info.ts';
import { type GatewayParts, type SessionScope, userKeyOf } from './session-scope.ts';
import { followResource, unfollowResource } from './subscribe.ts';
import { listTools } from './tool-search/list-tools.ts';
import { callSearchTool, isSearchTool } from './tool-search/search-tools.ts';
import { createClientTasks } from './tasks/client-tasks.ts';
import { listTasks } from './tasks/list-tasks.ts';
import { answerWithOwnTask } from './tasks/related-task.ts';
import { withSeenTaskIds } from './tasks/task-ids.ts';
import { requestOfTask } from './tasks/task-request.ts';
import { createUnderWay } from './under-way.ts';

/** What the gateway may do with a session besides. */
export interface Session extends GatewaySession {
  readonly workspaceId: string;
  /** Tells the client, once it has listed, that its lists may differ. */
  listChanged(kind: ListKind | 'all'): void;
  /** Does nothing where it is another person's. */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** What a server of the session's workspace said by itself. */
  onEvent(event: UpstreamEvent): void;
}

const ALONE: Belongs = {};

export function createSession(
  parts: GatewayParts,
  options: {
    principal: Principal;
    server?: string;
    tools?: ToolMode;
    /** One of the many short ones of a client without a session. */
    stateless?: { login: string; paramHeaders: ParamHeaders };
    send: SendToClient;
    onClosed: (session: Session) => void;
  },
): Session {
  const id = randomUUID();
  let capabilities: JsonRecord = {};
  let capabilitiesText = '{}';
  let closing: Promise<void> | undefined;
  const questions = createClientQuestions({
    send: (text) => send(text),
    offers: (method) => clientOffers(capabilities, method),
  });
  const clientTasks = createClientTasks(questions.ask);
  const scope: SessionScope = {
    id,
    followerId: id,
    principal: options.principal,
    only: options.server,
    toolMode: options.tools,
    searchesTools: options.tools === 'search',
    asker: {
      userKey: userKeyOf(options.principal),
      sessionKey: id,
      generation: 'legacy',
      get logLevel() {
        return scope.logLevel;
      },
      get capabilitiesText() {
        return capabilitiesText;
      },
      async ask(question) {
        const prefix = options.server === undefined ? uriPrefix(question.server) : '';
        const paramsText = withSeenTaskIds(question.paramsText, prefix, false);
        return answerWithOwnTask(parts, scope, question.server, await clientTasks.ask({ ...question, paramsText }));
      },
    },
    runsTaskFor: clientTasks.isFor,
    client: { name: null, version: null },
    logLevel: undefined,
  };
  const { asker } = scope;
  const underWay = createUnderWay(parts, send);
  const modern = createModernEdge(parts, {
    get principal() {
      return scope.principal;
    },
    only: options.server,
    tools: options.tools,
    owner: options.stateless?.login ?? id,
    paramHeaders: options.stateless?.paramHeaders,
    underWay,
    send,
  });
  const notices = createListNotices(parts.clock, (text) => send(text));

  function send(text: string, pieces?: Pieces, belongs: Belongs = ALONE): void {
    if (closing !== undefined) return;
    try {
      options.send(text, pieces, belongs);
    } catch (error) {
      const instead = error instanceof RangeError ? insteadOf(text, parts.maxMessageChars) : undefined;
      if (instead !== undefined) return options.send(instead, undefined, belongs);
      // The way back is gone; whoever owns it closes the session.
      parts.log.warn({ err: error, session: id }, 'a message could not be handed to its client');
    }
  }

  function onRequest(request: ClientRequest, text: string, pieces: Pieces | undefined): void {
    const { method, idText } = request;
    const list = LIST_METHODS.get(method);
    if (list !== undefined) {
      notices.listed(list);
      const onLate = () => notices.changed(list);
      underWay.run(request, () =>
        list === 'tools' ? listTools(parts, scope, request, onLate) : listKind(parts, scope, request, list, onLate),
      );
      return;
    }
    const key = idKey(request.id, idText);
    const task = (signal: AbortSignal) => ({
      request,
      text,
      pieces,
      signal,
      tell: (message: string) => send(message, undefined, { about: key }),
      answer: (message: string, large: Pieces) => send(message, large, { answers: key }),
    });
    switch (method) {
      case 'tools/call':
        return underWay.run(request, (signal) =>
          scope.searchesTools && isSearchTool(request.params['name'])
            ? callSearchTool(parts, scope, task(signal))
            : requestByName(parts, scope, task(signal), 'tools'),
        );
      case 'prompts/get':
        return underWay.run(request, (signal) => requestByName(parts, scope, task(signal), 'prompts'));
      case 'resources/read':
        return underWay.run(request, (signal) => requestByUri(parts, scope, task(signal)));
      case 'resources/subscribe':
        return underWay.run(request, (signal) => followResource(parts, scope, task(signal)));
      case 'resources/unsubscribe':
        return underWay.run(request, (signal) => unfollowResource(parts, scope, task(signal)));
      case 'completion/complete':
        return underWay.run(request, (signal) => complete(parts, scope, task(signal)));
      case 'logging/setLevel':
        return underWay.run(request, (signal) => setLogLevel(parts, scope, request, signal));
      case 'initialize':
        introduce(request, text);
        return underWay.run(request, async () =>
          resultMessage(idText, await initializeResult(parts, scope, request.params)),
        );
      case 'tasks/get':
      case 'tasks/result':
      case 'tasks/cancel':
        return underWay.run(request, (signal) => requestOfTask(parts, scope, task(signal)));
      case 'tasks/list':
        return underWay.run(request, (signal) => listTasks(parts, scope, task(signal)));
      case 'ping':
        return send(resultMessage(idText, '{}'), undefined, { answers: key });
      case 'mcpgate/session':
        return underWay.run(request, async () => resultMessage(idText, await sessionInfo(parts, scope)));
      default:
        return refuse(request, notOffered(method));
    }
  }

  function refuse({ id: requestId, idText, method }: ClientRequest, { reason, code, message }: RefusedRequest): void {
    parts.refused.note(scope.principal, reason, method);
    send(errorMessage(idText, errorObject(code, message)), undefined, { answers: idKey(requestId, idText) });
  }

  function cancel(idText: string): void {
    if (!modern.cancel(idText)) underWay.cancel(idText);
  }

  /** What the client says of itself and of what it can do. */
  function introduce({ params, paramsSpan }: ClientRequest, text: string): void {
    const client = isRecord(params['clientInfo']) ? params['clientInfo'] : {};
    scope.client = {
      name: stringOf(client['name']) ?? null,
      version: stringOf(client['version']) ?? null,
    };
    const at = findMember(paramsSpan?.members ?? [], 'capabilities');
    if (at === undefined || !isRecord(params['capabilities'])) return;
    capabilities = params['capabilities'];
    capabilitiesText = keptCapabilities(text.slice(at.start, at.end), capabilities);
  }

  function onEvent(event: UpstreamEvent): void {
    modern.onEvent(event);
    if (event.kind === 'list_changed') return tellListChange(parts, scope, event, (list) => notices.changed(list));
    const server = parts.upstreams.servers(session.workspaceId).find(({ name }) => name === event.server);
    if (server === undefined || event.place !== placeOf(server, asker)) return;
    if (event.kind === 'connected') return tellLogLevel(parts, scope, event);
    if (event.kind !== 'notification') return;
    if (event.method === UPDATED) return resourceUpdated(event);
    if (event.method === 'notifications/tasks/status') return taskChanged(event, server);
    // What a shared connection says may concern anybody.
    if (event.place === null || (event.method === 'notifications/message' && !isLogged(scope, event.paramsText)))
      return;
    send(serverNotification(event.method, event.paramsText, event.server));
  }

  function resourceUpdated(event: UpstreamEvent & { kind: 'notification' }): void {
    tellUpdate(parts, scope, event, ({ uriText, at }) => {
      const params = event.paramsText.slice(0, at.start) + uriText + event.paramsText.slice(at.end);
      send(`{"jsonrpc":"2.0","method":"${UPDATED}","params":${params}}`);
    });
  }

  function taskChanged(
    { paramsText, method, place }: UpstreamEvent & { kind: 'notification' },
    server: ServerRecord,
  ): void {
    const taskId = parseRecord(paramsText)?.['taskId'];
    if (typeof taskId !== 'string' || parts.tasks.find(server, place, taskId)?.sessionId !== id) return;
    send(serverNotification(method, withSeenTaskIds(paramsText, prefixFor(scope, server), true), server.name));
  }

  function onMessage(envelope: Envelope, text: string, pieces: Pieces | undefined): void {
    if (envelope.kind === 'request') {
      if (isModern(envelope)) return modern.request(envelope, text, pieces);
      const refused = refusedRequest(envelope, 'legacy');
      if (refused === undefined) onRequest(envelope, text, pieces);
      else refuse(envelope, refused);
    } else if (envelope.kind === 'invalid') {
      send(errorMessage(envelope.idText, errorObject(envelope.code, envelope.message)));
    } else if (envelope.kind === 'response') questions.answered(text, pieces);
    else hearNotification(parts, scope, { questions, clientTasks, cancel }, envelope, text);
  }

  const session: Session = {
    id,
    workspaceId: scope.principal.workspaceId,
    get pending() {
      return underWay.size;
    },
    listChanged(kind) {
      notices.changed(kind);
      modern.listChanged(kind);
    },
    personChanged(person) {
      if (scope.principal.user?.id !== person.id) return;
      scope.principal = { ...scope.principal, user: person };
      session.listChanged('all');
    },
    onEvent,
    receiveCut(head, tail) {
      send(refuseCut(head, tail, parts.maxMessageChars));
    },
    receive(text, pieces, envelope) {
      if (closing !== undefined) return;
      if (text.length > parts.maxMessageChars) {
        return send(refuseLong(text, parts.maxMessageChars));
      }
      onMessage(envelope ?? readEnvelope(text), text, pieces);
    },
    close(reason) {
      if (closing === undefined) modern.close();
      closing ??= (async () => {
        notices.close();
        questions.close();
        parts.subscriptions.leave(id, asker);
        await Promise.all([underWay.close(reason), parts.clientKeys.end((owner) => owner === id, reason)]);
        options.onClosed(session);
      })();
      return closing;
    },
  };
  return session;
}
