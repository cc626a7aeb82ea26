// The edge of MCP from 2026-07-28 on: every request says itself who asks and what the client can do; a server's questions go out as results;
// changes are told on `subscriptions/listen`. What is asked of servers goes the one way of all requests.
import { METHOD_NOT_FOUND, type ClientRequest } from '../envelope.ts';
import type { Principal } from '../../domain/principal.ts';
import { byteLengthOf, type Pieces } from '../../message/pieces.ts';
import { QUESTIONS } from '../../upstreams/edge.ts';
import { idKey, isRecord } from '../../upstreams/json-rpc-guard.ts';
import { placeOf, type ListKind, type ServerQuestion, type UpstreamEvent } from '../../upstreams/upstream.ts';
import { notOffered, refusedRequest } from '../admission.ts';
import { errorMessage, errorObject, resultMessage } from '../answers.ts';
import type { Task } from '../carry-out.ts';
import { clientOffers } from '../client-offers.ts';
import { complete } from '../complete.ts';
import type { SendToClient, ToolMode } from '../gateway.ts';
import { serverInfoText } from '../initialize.ts';
import { LIST_METHODS, listKind } from '../lists.ts';
import { isLogged } from '../logging.ts';
import { REQUESTS } from '../methods.ts';
import { requestByName } from '../named-request.ts';
import { requestByUri } from '../resource-request.ts';
import { serverNotification } from '../server-notification.ts';
import { userKeyOf, type GatewayParts, type SessionScope } from '../session-scope.ts';
import { requestOfTask } from '../tasks/task-request.ts';
import { listTools } from '../tool-search/list-tools.ts';
import { toolLimitOf } from '../tool-search/search-rule.ts';
import { callSearchTool, isSearchTool } from '../tool-search/search-tools.ts';
import type { UnderWay } from '../under-way.ts';
import { discoverResult } from './discover.ts';
import { refusal } from './held-questions.ts';
import { createListeners } from './listeners.ts';
import { readModernMeta, type ModernMeta } from './modern-meta.ts';
import { modernResult } from './modern-result.ts';
import { HEADER_MISMATCH, paramMismatch, type ParamHeaders } from './param-headers.ts';
import { goOnWithParked } from './parked-retry.ts';
import { requestDigest } from './request-digest.ts';
import { isOwnState } from './request-state.ts';
import { retokened } from './retokened.ts';

export interface ModernEdge {
  request(request: ClientRequest, text: string, pieces: Pieces | undefined): void;
  /** `idText`: the id as it was written. False: it is none of the long requests of this edge. */
  cancel(idText: string): boolean;
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Tells those who listen that it is over. */
  close(): void;
}

const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
const MISSING_CLIENT_CAPABILITY = -32021;

function declaresTasks({ capabilities }: ModernMeta): boolean {
  const { extensions } = capabilities;
  return isRecord(extensions) && isRecord(extensions[TASKS_EXTENSION]);
}

export function createModernEdge(
  parts: GatewayParts,
  options: {
    /** As it is now: read at each request. */
    readonly principal: Principal;
    only: string | undefined;
    tools: ToolMode | undefined;
    /** The session, or the login and the door. */
    owner: string;
    /** Over HTTP. */
    paramHeaders: ParamHeaders | undefined;
    underWay: UnderWay;
    send: SendToClient;
  },
): ModernEdge {
  const { only, tools, owner, underWay, send } = options;
  const listeners = createListeners(parts, send);
  /** What is at work at a server, for its log. */
  const atWork = new Set<{ server: string; scope: SessionScope; tell: (text: string) => void }>();

  function scopeOf(meta: ModernMeta, isCall: boolean): SessionScope {
    const { principal } = options;
    const { name, version } = meta.client;
    const key = parts.clientKeys.use(owner, principal, JSON.stringify([name, version, meta.capabilitiesText]));
    const offers = (method: string) => QUESTIONS.has(method) && clientOffers(meta.capabilities, method);
    return {
      id: key,
      followerId: key,
      principal,
      only,
      toolMode: tools,
      // Where the rules for clients say so the list decides; a call counts by its name, which no server's tool has in the list of all.
      searchesTools:
        tools === 'search' ||
        (tools === undefined && only === undefined && toolLimitOf(parts.searchRules, name) !== undefined && isCall),
      asker: {
        userKey: userKeyOf(principal),
        sessionKey: key,
        generation: 'modern',
        capabilitiesText: meta.capabilitiesText,
        logLevel: meta.logLevel,
        ask: (question: ServerQuestion) =>
          offers(question.method)
            ? parts.parkedCalls.ask(key, question)
            : Promise.resolve(refusal(METHOD_NOT_FOUND, `the AI client does not offer ${question.method}`)),
      },
      client: meta.client,
      logLevel: meta.logLevel,
    };
  }

  /** `message`: an answer to the request `idText`. */
  function asModern(scope: SessionScope, idText: string, message: string, isCacheable: boolean): string {
    const head = `{"jsonrpc":"2.0","id":${idText},"result":`;
    if (!message.startsWith(head)) return message;
    const result = message.slice(head.length, -1);
    return `${head}${modernResult(result, serverInfoText(parts, scope), isCacheable)}}`;
  }

  function run(
    scope: SessionScope,
    request: ClientRequest,
    isCacheable: boolean,
    answer: (signal: AbortSignal) => Promise<string | undefined>,
  ): void {
    underWay.run(request, async (signal) => {
      const message = await answer(signal);
      return message === undefined ? undefined : asModern(scope, request.idText, message, isCacheable);
    });
  }

  /** A call that its server may answer with a question. */
  function call(
    scope: SessionScope,
    task: Omit<Task, 'signal'>,
    isCacheable: boolean,
    carry: (task: Task) => Promise<string | undefined>,
  ): void {
    const { request, text, pieces } = task;
    const { idText, params } = request;
    const meta = isRecord(params['_meta']) ? params['_meta'] : {};
    const state = params['requestState'];
    const digest = async () => `${only ?? ''}\n${await requestDigest(request, text, pieces)}`;
    underWay.run(request, (signal) => {
      return new Promise((resolve, reject) => {
        const waiter = {
          idText,
          answer(message: string, large: Pieces | undefined) {
            const answer = asModern(scope, idText, message, isCacheable);
            if (large !== undefined) task.answer(answer, large);
            resolve(large === undefined ? answer : undefined);
          },
          tell: (message: string) => task.tell(retokened(message, meta['progressToken'])),
          end: reject,
        };
        if (typeof state !== 'string' || !isOwnState(state)) {
          parts.parkedCalls.begin({
            sessionKey: scope.id,
            owner,
            bound: digest,
            bytes: () => byteLengthOf(text, pieces),
            waiter,
            signal,
            run: (handle) => carryFor(scope, { ...task, ...handle, answer: handle.large }, handle.sentTo, carry),
          });
          return;
        }
        goOnWithParked(parts.parkedCalls, { task, state, owner, bound: digest, waiter, signal, refuse: resolve }).catch(
          reject,
        );
      });
    });
  }

  async function carryFor(
    scope: SessionScope,
    task: Task,
    sentTo: (server: string) => void,
    carry: (task: Task) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const work = { server: '', scope, tell: task.tell };
    atWork.add(work);
    try {
      return await carry({
        ...task,
        sentTo(server) {
          work.server = server;
          sentTo(server);
        },
      });
    } finally {
      atWork.delete(work);
    }
  }

  function dispatch(scope: SessionScope, request: ClientRequest, text: string, pieces: Pieces | undefined): void {
    const { method, idText } = request;
    const list = LIST_METHODS.get(method);
    if (list !== undefined) {
      const onLate = () => listeners.listChanged(list);
      return run(scope, request, true, () =>
        list === 'tools' ? listTools(parts, scope, request, onLate) : listKind(parts, scope, request, list, onLate),
      );
    }
    const key = idKey(request.id, idText);
    const task = {
      request,
      text,
      pieces,
      tell: (message: string) => send(message, undefined, { about: key }),
      answer: (message: string, large: Pieces) => send(message, large, { answers: key }),
    };
    switch (method) {
      case 'tools/call':
        return call(scope, task, false, (each) =>
          scope.searchesTools && isSearchTool(request.params['name'])
            ? callSearchTool(parts, scope, each)
            : requestByName(parts, scope, each, 'tools'),
        );
      case 'prompts/get':
        return call(scope, task, false, (each) => requestByName(parts, scope, each, 'prompts'));
      case 'resources/read':
        return call(scope, task, true, (each) => requestByUri(parts, scope, each));
      case 'completion/complete':
        return run(scope, request, false, (signal) => complete(parts, scope, { ...task, signal }));
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        return run(scope, request, false, (signal) => requestOfTask(parts, scope, { ...task, signal }));
      case 'server/discover':
        return run(scope, request, true, async () => resultMessage(idText, await discoverResult(parts, scope)));
      case 'subscriptions/listen':
        return listeners.open(scope, task);
      default: {
        const { code, message } = notOffered(method);
        return send(errorMessage(idText, errorObject(code, message)), undefined, { answers: key });
      }
    }
  }

  return {
    request(request, text, pieces) {
      const { idText, method } = request;
      const refuse = (code: number, message: string, data?: object) =>
        send(errorMessage(idText, JSON.stringify({ code, message, ...(data && { data }) })), undefined, {
          answers: idKey(request.id, idText),
        });
      const meta = readModernMeta(text, request);
      if ('code' in meta) return refuse(meta.code, meta.message, meta.data);
      const refused = refusedRequest(request, 'modern');
      if (refused !== undefined) {
        parts.refused.note(options.principal, refused.reason, method);
        return refuse(refused.code, refused.message);
      }
      if (REQUESTS.get(method)?.way === 'task' && !declaresTasks(meta)) {
        const data = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };
        return refuse(MISSING_CLIENT_CAPABILITY, `${method} needs a client that declares ${TASKS_EXTENSION}`, data);
      }
      const isCall = method === 'tools/call';
      const scope = scopeOf(meta, isCall);
      const { paramHeaders } = options;
      // What was taken out of a large request is not there to be compared.
      const isCompared = isCall && paramHeaders !== undefined && pieces === undefined;
      const mismatch = isCompared ? paramMismatch(parts, scope, request, paramHeaders) : undefined;
      if (mismatch !== undefined) return refuse(HEADER_MISMATCH, mismatch);
      dispatch(scope, request, text, pieces);
    },
    cancel: (idText) => listeners.cancel(idText),
    onEvent(event) {
      listeners.onEvent(event);
      if (event.kind !== 'notification' || event.method !== 'notifications/message' || event.place === null) return;
      const server = parts.upstreams.servers(options.principal.workspaceId).find(({ name }) => name === event.server);
      if (server === undefined) return;
      // A connection does not say which request a message is about; a client hears it once, and only where it asked for messages.
      const work = [...atWork].findLast(
        ({ server: at, scope }) => at === event.server && event.place === placeOf(server, scope.asker),
      );
      if (work === undefined || !isLogged(work.scope, event.paramsText)) return;
      work.tell(serverNotification(event.method, event.paramsText, event.server));
    },
    listChanged: (kind) => listeners.listChanged(kind),
    close: () => listeners.close(),
  };
}
