// Speaks MCP from 2026-07-28 on with a client: every request tells the client's name and capabilities, questions of servers are put to the
// client as results, and changes are told on `subscriptions/listen`. Requests to servers are answered by the table in answer-request.ts.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { ClientRequest } from '../envelope.ts';
import type { Principal } from '../../../domain/people/principal.ts';
import { byteLengthOf } from '../../../message/pieces.ts';
import { QUESTIONS } from '../../../upstreams/session/edge.ts';
import { isRecord } from '../../../mcp/json-rpc-guard.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import { placeOf, type ServerQuestion, type UpstreamEvent } from '../../../upstreams/upstream.ts';
import { notOffered, refusedReply, refusedRequest } from '../admission.ts';
import { ANSWERERS } from '../../call/answer-request.ts';
import type { Answerer } from '../../call/answerer.ts';
import type { ToClient } from '../client-channel.ts';
import { viewNow } from '../../bundles/session-view.ts';
import { clientOffers, notOfferedByClient } from '../client-offers.ts';
import type { OpenPage, ParamHeaders, ToolMode } from '../../gateway.ts';
import { discoverResult, serverInfoText } from '../initialize.ts';
import { EXTENSION } from '../../extensions/declared.ts';
import { LIST_METHODS } from '../../lists/lists.ts';
import { isLogged } from '../../call/logging.ts';
import { REQUESTS } from '../methods.ts';
import { errorReply, type Reply, resultReply } from '../../reply.ts';
import type { Handling, Notice } from '../../request.ts';
import { noticeOf } from '../../call/server-notification.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import { type SessionScope, userKeyOf } from '../../session-scope.ts';
import { askAboutOwnTasks } from '../../tasks/answered-task.ts';
import { toolLimitOf } from '../../search/search-rule.ts';
import type { UnderWay } from '../under-way.ts';
import { createListeners } from './listeners.ts';
import { type ModernMeta, readModernMeta } from './modern-meta.ts';
import { modernResult } from './modern-result.ts';
import { paramMismatch } from './param-headers.ts';
import { goOnWithParked, requestDigest, retokened } from './parked-retry.ts';
import { isOwnState } from './request-state.ts';

export interface ModernEdge {
  request(request: ClientRequest): void;
  /** Cancels a stream. `idText`: the id of its request, JSON text. False: no stream has that id. */
  cancel(idText: string): boolean;
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Ends all streams, each with an answer. */
  close(): void;
}

/** Methods that a server may answer with a question (InputRequiredResult). */
const PARKABLE: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);
/** Methods whose results clients may cache (CacheableResult). */
const CACHEABLE: ReadonlySet<string> = new Set([
  ...LIST_METHODS.keys(),
  'resources/read',
  'server/discover',
  'skills/list',
  'skills/get',
]);

function declaresTasks({ capabilities }: ModernMeta): boolean {
  const { extensions } = capabilities;
  return isRecord(extensions) && isRecord(extensions[EXTENSION.tasks]);
}

export function createModernEdge(
  parts: GatewayParts,
  options: {
    /** The principal with the person's present role and groups. */
    readonly principal: Principal;
    only: string | undefined;
    tools: ToolMode | undefined;
    openPage: OpenPage | undefined;
    address: () => string | undefined;
    /** The session, or the login and the door. */
    owner: string;
    /** The `Mcp-Param-*` headers, where the request came over HTTP. */
    paramHeaders: ParamHeaders | undefined;
    underWay: UnderWay;
    to: ToClient;
  },
): ModernEdge {
  const { only, tools, openPage, address, owner, underWay, to } = options;
  const listeners = createListeners(parts, to);
  /** The requests that servers are working on, to find the one that a log message belongs to. */
  const atWork = new Set<{ server: string; scope: SessionScope; tell: (notice: Notice) => void }>();

  function scopeOf(meta: ModernMeta, isCall: boolean): SessionScope {
    const { principal } = options;
    const { name, version } = meta.client;
    const key = parts.clientKeys.use(owner, principal, JSON.stringify([name, version, meta.capabilitiesText]));
    const offers = (method: string) => QUESTIONS.has(method) && clientOffers(meta.capabilities, method);
    const scope: SessionScope = {
      id: key,
      followerId: key,
      // What lasts must hear of another role or other groups.
      get principal() {
        return options.principal;
      },
      only,
      toolMode: tools,
      // Without a mode, `tools/list` decides by the number of tools. A call of `call_tool` and the like is taken as such where a rule names the
      // client, because in the full list no tool has such a name.
      searchesTools:
        tools === 'search' ||
        (tools === undefined && only === undefined && toolLimitOf(parts.searchRules, name) !== undefined && isCall),
      requester: {
        userKey: userKeyOf(principal),
        sessionKey: key,
        generation: 'modern',
        capabilitiesText: meta.capabilitiesText,
        logLevel: meta.logLevel,
        async ask(question: ServerQuestion) {
          if (!offers(question.method)) return notOfferedByClient(question.method);
          return await askAboutOwnTasks(parts, viewNow(parts, scope), question, (seen) =>
            parts.parkedCalls.ask(key, seen),
          );
        },
      },
      client: meta.client,
      logLevel: meta.logLevel,
      openPage,
      address,
    };
    return scope;
  }

  /** Adds the members that results have in this generation. */
  function asModern(scope: SessionScope, method: string, reply: Reply): Reply {
    if (reply.kind !== 'result') return reply;
    const text = modernResult(reply.text, serverInfoText(parts, scope), CACHEABLE.has(method));
    return { ...reply, text };
  }

  /** Answers a call during which its server may ask something: the call is parked while the client is asked. */
  function park(scope: SessionScope, handling: Handling, answerer: Answerer): Promise<Reply> {
    const { request, signal } = handling;
    const { params, text, pieces } = request;
    const meta = isRecord(params['_meta']) ? params['_meta'] : {};
    const state = params['requestState'];
    const bound = async () => `${only ?? ''}\n${await requestDigest(request)}`;
    return new Promise((resolve, reject) => {
      const waiter = {
        answer: resolve,
        tell: (notice: Notice) => handling.tell(retokened(notice, meta['progressToken'])),
        end: reject,
      };
      if (typeof state === 'string' && isOwnState(state)) {
        const retry = { request, state, owner, bound, waiter, signal, refuse: resolve };
        return void goOnWithParked(parts.parkedCalls, retry).catch(reject);
      }
      parts.parkedCalls.begin({
        sessionKey: scope.id,
        owner,
        bound,
        bytes: () => byteLengthOf(text, pieces),
        waiter,
        signal,
        run: (call) => answerAtWork(scope, { ...handling, ...call }, answerer),
      });
    });
  }

  /** Answers a request; log messages of the server meanwhile are told to its client. */
  async function answerAtWork(scope: SessionScope, handling: Handling, answerer: Answerer): Promise<Reply> {
    const work = { server: '', scope, tell: handling.tell };
    atWork.add(work);
    try {
      return await answerer(parts, scope, {
        ...handling,
        sentTo(server) {
          work.server = server;
          handling.sentTo?.(server);
        },
      });
    } finally {
      atWork.delete(work);
    }
  }

  async function answer(scope: SessionScope, handling: Handling): Promise<Reply> {
    const { method } = handling.request;
    const answerer = ANSWERERS.get(method);
    if (method === 'server/discover') return resultReply(await discoverResult(parts, scope));
    if (answerer === undefined) return refusedReply(notOffered(method));
    return PARKABLE.has(method) ? await park(scope, handling, answerer) : await answerer(parts, scope, handling);
  }

  return {
    request(request) {
      const { method } = request;
      const refuse = (code: number, message: string, data?: object) =>
        to.answer(request, errorReply(code, message, data));
      const meta = readModernMeta(request);
      if ('code' in meta) return refuse(meta.code, meta.message, meta.data);
      const refused = refusedRequest(request, 'modern');
      if (refused !== undefined) {
        parts.refused.note(options.principal, refused.reason, method);
        return to.answer(request, refusedReply(refused));
      }
      if (REQUESTS.get(method)?.way === 'task' && !declaresTasks(meta)) {
        const data = { requiredCapabilities: { extensions: { [EXTENSION.tasks]: {} } } };
        return refuse(
          RPC_CODE.missingClientCapability,
          `${method} needs a client that declares ${EXTENSION.tasks}`,
          data,
        );
      }
      const isCall = method === 'tools/call';
      const scope = scopeOf(meta, isCall);
      const { paramHeaders } = options;
      // In a large request the arguments are pieces and cannot be compared with headers.
      const isCompared = isCall && paramHeaders !== undefined && request.pieces === undefined;
      const mismatch = isCompared ? paramMismatch(parts, scope, request, paramHeaders) : undefined;
      if (mismatch !== undefined) return refuse(RPC_CODE.headerMismatch, mismatch);
      const handling = {
        request,
        idText: request.idText,
        address: address(),
        tell: (notice: Notice) => to.tell(notice, request),
        onLate: (list: ListKind) => listeners.listChanged(list),
      };
      if (method === 'subscriptions/listen') return listeners.open(scope, request, handling);
      underWay.run(request, async (signal) => asModern(scope, method, await answer(scope, { ...handling, signal })));
    },
    cancel: (idText) => listeners.cancel(idText),
    onEvent(event) {
      listeners.onEvent(event);
      if (event.kind !== 'notification' || event.method !== 'notifications/message' || event.place === null) return;
      const server = parts.upstreams.servers(options.principal.workspaceId).find(({ name }) => name === event.server);
      if (server === undefined) return;
      // Servers do not say which request a log message is about, so it goes to the newest one, and only where that one asked for messages.
      const work = [...atWork].findLast(
        ({ server: at, scope }) => at === event.server && event.place === placeOf(server, scope.requester),
      );
      if (work === undefined || !isLogged(work.scope, event.paramsText)) return;
      work.tell(noticeOf(event.method, event.paramsText, event.server));
    },
    listChanged: (kind) => listeners.listChanged(kind),
    close: () => listeners.close(),
  };
}
