// `subscriptions/listen`: one long request (a stream) over which the client is told of changed lists and resources, until it cancels the
// request or its session ends.
import { randomUUID } from 'node:crypto';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';
import { isRecord } from '../../../mcp/json-rpc-guard.ts';
import type { ListKind } from '../../../mcp/list-kind.ts';
import { placeOf, type UpstreamEvent } from '../../../upstreams/upstream.ts';
import { viewNow, viewOf } from '../../bundles/session-view.ts';
import { EVENTS_CHANGED, tellEventsChange, tellListChange } from '../../lists/list-changes.ts';
import { createListNotices, type ToldList } from '../list-notices.ts';
import { resultReply, type Answer } from '../../reply.ts';
import { madeRequest, type Handling, type Request } from '../../request.ts';
import { requestByUri } from '../../call/resource-request.ts';
import { tellUpdate, UPDATED } from '../../resources/resource-updates.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';
import { followerOf } from '../../resources/subscribe.ts';
import { MAX_SUBSCRIPTIONS } from '../../resources/subscriptions.ts';

export interface Listener {
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Ends the stream: stops following its resources and sends nothing more. */
  close(): void;
}

const LIST_FIELDS: Readonly<Record<string, ToldList>> = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
  eventsListChanged: 'events',
};

/** The changes that a stream tells of: which lists, and which resources by URI. */
export interface Filter {
  lists: string[];
  uris: string[];
}

/** Returns a sentence where the params are not valid. */
export function readFilter({ params }: Request): Filter | string {
  const wanted = params['notifications'];
  if (!isRecord(wanted)) return '"notifications" must be an object';
  const uris = wanted['resourceSubscriptions'] ?? [];
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) {
    return '"notifications.resourceSubscriptions" must be an array of strings';
  }
  if (uris.length > MAX_SUBSCRIPTIONS) return `a stream follows at most ${MAX_SUBSCRIPTIONS} resources`;
  return { lists: Object.keys(LIST_FIELDS).filter((field) => wanted[field] === true), uris: [...new Set(uris)] };
}

/**
 * `idText`: the id of the request, JSON text. `opened` resolves when the client has been told which changes it will get; resources that it may
 * not follow are left out.
 */
export function openListener(
  parts: GatewayParts,
  session: SessionScope,
  handling: Handling,
  { lists, uris, idText }: Filter & { idText: string },
): { listener: Listener; opened: Promise<void> } {
  const metaText = `"_meta":{"${ANSWER_META.subscriptionId}":${idText}}`;
  // Each stream is a follower of its own, so that the end of one takes nothing from another.
  const scope: SessionScope = {
    ...session,
    get principal() {
      return session.principal;
    },
    followerId: randomUUID(),
  };
  const follower = followerOf(scope);
  const notices = createListNotices(parts.clock, handling.tell, `{${metaText}}`);
  /** The URI as the client wrote it, by the URI that servers use. */
  const followed = new Map<string, string>();
  let isOpen = false;
  /** Updates that servers sent before the client was told that the stream is open. */
  const early: UpstreamEvent[] = [];

  function resourceUpdated(event: UpstreamEvent & { kind: 'notification' }): void {
    tellUpdate(parts, viewNow(parts, scope), event, ({ uriText, members }) => {
      const rest = members.filter(({ key }) => key !== 'uri' && key !== '_meta');
      const more = rest.map((each) => `,${event.paramsText.slice(each.keyStart, each.end)}`).join('');
      handling.tell({ method: UPDATED, paramsText: `{${metaText},"uri":${uriText}${more}}` });
    });
  }

  async function follow(uri: string): Promise<void> {
    if (!parts.subscriptions.hasRoom(follower, uri)) return;
    const request = madeRequest('resources/subscribe', { uri }, [['uri', JSON.stringify(uri)]]);
    const view = await viewOf(parts, scope).catch(() => scope);
    await requestByUri(parts, view, { ...handling, request }, ({ server, rest }) => {
      const key = `${server.name}\n${rest}`;
      followed.set(key, uri);
      const undo = parts.subscriptions.add(follower, server, placeOf(server, scope.requester), rest);
      return () => {
        followed.delete(key);
        undo();
      };
    });
  }

  async function open(): Promise<void> {
    await Promise.all(uris.map(follow));
    const honoured = new Set(followed.values());
    const granted = {
      ...Object.fromEntries(lists.map((field) => [field, true])),
      ...(honoured.size > 0 && { resourceSubscriptions: uris.filter((uri) => honoured.has(uri)) }),
    };
    handling.tell({
      method: 'notifications/subscriptions/acknowledged',
      paramsText: `{${metaText},"notifications":${JSON.stringify(granted)}}`,
    });
    isOpen = true;
    for (const field of lists) {
      const kind = LIST_FIELDS[field];
      if (kind !== undefined) notices.listed(kind);
    }
    for (const event of early.splice(0)) listener.onEvent(event);
  }

  const listener: Listener = {
    listChanged(kind) {
      if (isOpen) notices.changed(kind);
    },
    onEvent(event) {
      if (!isOpen) {
        if (isTold(event) && early.length < MAX_EARLY) early.push(event);
      } else if (event.kind === 'list_changed') {
        tellListChange(parts, scope, event, (list) => notices.changed(list));
      } else if (event.kind !== 'notification') return;
      else if (event.method === UPDATED) resourceUpdated(event);
      else if (event.method === EVENTS_CHANGED) tellEventsChange(parts, scope, event, () => notices.changed('events'));
    },
    close() {
      isOpen = false;
      notices.close();
      parts.subscriptions.leave(scope.followerId, scope.requester);
    },
  };
  return { listener, opened: open() };
}

/** Twice as many as a stream may follow. */
const MAX_EARLY = 2 * MAX_SUBSCRIPTIONS;

const isTold = (event: UpstreamEvent): boolean =>
  event.kind === 'list_changed' ||
  (event.kind === 'notification' && (event.method === UPDATED || event.method === EVENTS_CHANGED));

/** The answer with which mcpgate ends a stream. */
export function listenEnded(idText: string): Answer {
  return resultReply(`{"resultType":"complete","_meta":{"${ANSWER_META.subscriptionId}":${idText}}}`);
}
