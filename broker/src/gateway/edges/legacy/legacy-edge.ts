// Speaks MCP up to 2025-11-25 with a client: the handshake (`initialize`) tells the client's name and capabilities, questions of servers are
// sent to it as requests, and changes as notifications. Requests to servers are answered by the table in answer-request.ts.
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { type Principal, withRenamedServers } from '../../../domain/people/principal.ts';
import type { AccountChange } from '../../../accounts/accounts.ts';
import type { ServerRecord } from '../../../domain/server-record.ts';
import type { Pieces } from '../../../message/pieces.ts';
import { isRecord, parseRecord, stringOf, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import { placeOf, type UpstreamEvent } from '../../../upstreams/upstream.ts';
import { keptCapabilities } from '../null-members.ts';
import { notOffered, refusedReply, refusedRequest, type RefusedRequest } from '../admission.ts';
import { ANSWERERS } from '../../call/answer-request.ts';
import type { ToClient } from '../client-channel.ts';
import { viewNow } from '../../bundles/session-view.ts';
import { hearNotification } from './client-notifications.ts';
import { clientOffers } from '../client-offers.ts';
import { createClientQuestions } from './client-questions.ts';
import type { ClientNotification, ClientRequest } from '../envelope.ts';
import type { OpenPage, ToolMode } from '../../gateway.ts';
import { initializeResult } from '../initialize.ts';
import { EVENTS_CHANGED, tellEventsChange, tellListChange } from '../../lists/list-changes.ts';
import { createListNotices } from '../list-notices.ts';
import { LIST_METHODS } from '../../lists/lists.ts';
import { isLogged, setLogLevel, tellLogLevel } from '../../call/logging.ts';
import { EMPTY_RESULT, resultReply, type Reply } from '../../reply.ts';
import type { Handling, Notice } from '../../request.ts';
import { tellUpdate, UPDATED } from '../../resources/resource-updates.ts';
import { prefixFor } from '../../call/route.ts';
import { noticeOf } from '../../call/server-notification.ts';
import { OWN_ANSWERERS } from './own-answerers.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import { type SessionScope, userKeyOf } from '../../session-scope.ts';
import { createClientTasks } from '../../tasks/client-tasks.ts';
import { askAboutOwnTasks } from '../../tasks/answered-task.ts';
import { withSeenTaskIds } from '../../tasks/task-ids.ts';
import type { UnderWay } from '../under-way.ts';
import { createUrlsAsked } from './urls-asked.ts';

export interface LegacyEdge {
  /** The principal with the person's present role and groups. */
  readonly principal: Principal;
  request(request: ClientRequest): void;
  notification(notification: ClientNotification, text: string): void;
  /** The client's answer to a question. */
  response(text: string, pieces: Pieces | undefined): void;
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** An account at a server was made, renewed or ended. Returns whether the lists of this session may differ now. */
  accountChanged(change: AccountChange): boolean;
  /** The person's role or groups have changed. Returns whether this session is that person's; if not, does nothing. */
  personChanged(person: NonNullable<Principal['user']>): boolean;
  serversRenamed(names: ReadonlyMap<string, string>): void;
  close(): void;
}

export function createLegacyEdge(
  parts: GatewayParts,
  options: {
    id: string;
    principal: Principal;
    only: string | undefined;
    tools: ToolMode | undefined;
    openPage: OpenPage | undefined;
    address: () => string | undefined;
    underWay: UnderWay;
    to: ToClient;
    /** Cancels the request of the session with that id (JSON text). */
    cancel: (idText: string) => void;
  },
): LegacyEdge {
  const { id, only, tools, openPage, address, underWay, to } = options;
  let capabilities: JsonRecord = {};
  let capabilitiesText = '{}';
  const questions = createClientQuestions({
    put: to.put,
    tell: to.tell,
    offers: (method) => clientOffers(capabilities, method),
  });
  const clientTasks = createClientTasks(questions.ask);
  const urlsAsked = createUrlsAsked((notice) => to.tell(notice));
  const scope: SessionScope = {
    id,
    followerId: id,
    principal: options.principal,
    only,
    toolMode: tools,
    searchesTools: tools === 'search',
    requester: {
      userKey: userKeyOf(options.principal),
      sessionKey: id,
      generation: 'legacy',
      get logLevel() {
        return scope.logLevel;
      },
      get capabilitiesText() {
        return capabilitiesText;
      },
      ask: (question) => askAboutOwnTasks(parts, viewNow(parts, scope), question, clientTasks.ask),
    },
    runsTaskFor: clientTasks.isFor,
    openPage,
    address,
    urlsAsked,
    client: { name: null, version: null },
    logLevel: undefined,
  };
  const { requester } = scope;
  const notices = createListNotices(parts.clock, (notice) => to.tell(notice));

  async function answer(handling: Handling): Promise<Reply> {
    const { request } = handling;
    switch (request.method) {
      case 'initialize':
        return resultReply(await initializeResult(parts, scope, request.params));
      case 'logging/setLevel':
        return await setLogLevel(parts, scope, handling);
      default: {
        const answerer = ANSWERERS.get(request.method) ?? OWN_ANSWERERS.get(request.method);
        return answerer === undefined
          ? refusedReply(notOffered(request.method))
          : await answerer(parts, scope, handling);
      }
    }
  }

  function refuse(request: ClientRequest, refused: RefusedRequest): void {
    parts.refused.note(scope.principal, refused.reason, request.method);
    to.answer(request, refusedReply(refused));
  }

  /** Keeps the client's name, version and capabilities from its `initialize`. */
  function introduce({ text, params, paramsSpan }: ClientRequest): void {
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

  function resourceUpdated(event: UpstreamEvent & { kind: 'notification' }): void {
    tellUpdate(parts, viewNow(parts, scope), event, ({ uriText, at }) => {
      const paramsText = event.paramsText.slice(0, at.start) + uriText + event.paramsText.slice(at.end);
      to.tell({ method: UPDATED, paramsText });
    });
  }

  function taskChanged(
    { paramsText, method, place }: UpstreamEvent & { kind: 'notification' },
    server: ServerRecord,
  ): void {
    const taskId = parseRecord(paramsText)?.['taskId'];
    if (typeof taskId !== 'string' || parts.tasks.find(server, place, taskId)?.sessionId !== id) return;
    to.tell(noticeOf(method, withSeenTaskIds(paramsText, prefixFor(viewNow(parts, scope), server), true), server.name));
  }

  return {
    get principal() {
      return scope.principal;
    },
    request(request) {
      const { method } = request;
      const refused = refusedRequest(request, 'legacy');
      if (refused !== undefined) return refuse(request, refused);
      if (method === 'ping') return to.answer(request, EMPTY_RESULT);
      if (method === 'initialize') introduce(request);
      const list = LIST_METHODS.get(method);
      if (list !== undefined) notices.listed(list);
      if (method === 'events/list') notices.listed('events');
      const tell = (notice: Notice) => to.tell(notice, request);
      const handling = {
        request,
        idText: request.idText,
        tell,
        address: address(),
        onLate: (kind: ListKind) => notices.changed(kind),
      };
      underWay.run(request, (signal) => answer({ ...handling, signal }));
    },
    notification(notification, text) {
      hearNotification(
        parts,
        viewNow(parts, scope),
        { questions, clientTasks, cancel: options.cancel },
        notification,
        text,
      );
    },
    response: (text, pieces) => void questions.answered(text, pieces),
    onEvent(event) {
      if (event.kind === 'list_changed') return tellListChange(parts, scope, event, (list) => notices.changed(list));
      const { workspaceId } = scope.principal;
      const server = parts.upstreams.servers(workspaceId).find(({ name }) => name === event.server);
      if (server === undefined || event.place !== placeOf(server, requester)) return;
      if (event.kind === 'connected') return tellLogLevel(parts, scope, event);
      if (event.kind !== 'notification') return;
      if (event.method === EVENTS_CHANGED)
        return tellEventsChange(parts, scope, event, () => notices.changed('events'));
      if (event.method === UPDATED) return resourceUpdated(event);
      if (event.method === 'notifications/tasks/status') return taskChanged(event, server);
      // A message on a shared connection may be about another person's request.
      if (event.place === null || (event.method === 'notifications/message' && !isLogged(scope, event.paramsText)))
        return;
      to.tell(noticeOf(event.method, event.paramsText, event.server));
    },
    listChanged: (kind) => notices.changed(kind),
    accountChanged({ serverId, owner, state }) {
      if (owner !== 'shared' && owner !== requester.userKey) return false;
      if (owner !== 'shared' && state === 'ready') urlsAsked.done(serverId);
      return state !== 'expired';
    },
    personChanged(person) {
      if (scope.principal.user?.id !== person.id) return false;
      scope.principal = { ...scope.principal, user: person };
      return true;
    },
    serversRenamed(names) {
      scope.principal = withRenamedServers(scope.principal, names);
    },
    close() {
      notices.close();
      questions.close();
      parts.subscriptions.leave(id, requester);
    },
  };
}
