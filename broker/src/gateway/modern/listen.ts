// `subscriptions/listen`: one long request that tells of changed lists and resources, as the client sees them, until it is cancelled or
// its session ends.
import { randomUUID } from 'node:crypto';
import { ANSWER_META } from 'mcpgate-shared/protocol-version';
import { isRecord } from '../../upstreams/json-rpc-guard.ts';
import { placeOf, type ListKind, type UpstreamEvent } from '../../upstreams/upstream.ts';
import { errorMessage, errorObject } from '../answers.ts';
import type { Task } from '../carry-out.ts';
import { INVALID_PARAMS, readEnvelope, type ClientRequest } from '../envelope.ts';
import { tellListChange } from '../list-changes.ts';
import { createListNotices } from '../list-notices.ts';
import { requestByUri } from '../resource-request.ts';
import { tellUpdate, UPDATED } from '../resource-updates.ts';
import type { GatewayParts, SessionScope } from '../session-scope.ts';
import { followerOf } from '../subscribe.ts';
import { MAX_SUBSCRIPTIONS } from '../subscriptions.ts';

export interface Listener {
  onEvent(event: UpstreamEvent): void;
  listChanged(kind: ListKind | 'all'): void;
  /** Gives up what it follows; no notification comes after it. */
  close(): void;
}

const LIST_FIELDS: Readonly<Record<string, ListKind>> = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
};

/** What the request asks for, or an error message that answers it. */
export function readFilter(request: ClientRequest): { lists: string[]; uris: string[] } | string {
  const invalid = (message: string) => errorMessage(request.idText, errorObject(INVALID_PARAMS, message));
  const wanted = request.params['notifications'];
  if (!isRecord(wanted)) return invalid('"notifications" must be an object');
  const uris = wanted['resourceSubscriptions'] ?? [];
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) {
    return invalid('"notifications.resourceSubscriptions" must be an array of strings');
  }
  if (uris.length > MAX_SUBSCRIPTIONS) return invalid(`a stream follows at most ${MAX_SUBSCRIPTIONS} resources`);
  return { lists: Object.keys(LIST_FIELDS).filter((field) => wanted[field] === true), uris: [...new Set(uris)] };
}

/** `opened`: the client was told what it will hear. A resource that it may not follow is left out. */
export function openListener(
  parts: GatewayParts,
  session: SessionScope,
  task: Task,
  { lists, uris }: { lists: string[]; uris: string[] },
): { listener: Listener; opened: Promise<void> } {
  const { idText } = task.request;
  const metaText = `"_meta":{"${ANSWER_META.subscriptionId}":${idText}}`;
  // Each stream follows by itself, so that one that ends takes nothing from another.
  const scope: SessionScope = { ...session, followerId: randomUUID() };
  const follower = followerOf(scope);
  const notices = createListNotices(parts.clock, task.tell, `{${metaText}}`);
  /** The client's own spelling, by what a server calls it. */
  const followed = new Map<string, string>();
  let isOpen = false;
  /** What servers told before the client was. */
  const early: UpstreamEvent[] = [];

  function resourceUpdated(event: UpstreamEvent & { kind: 'notification' }): void {
    tellUpdate(parts, scope, event, ({ uriText, members }) => {
      const rest = members.filter(({ key }) => key !== 'uri' && key !== '_meta');
      const more = rest.map((each) => `,${event.paramsText.slice(each.keyStart, each.end)}`).join('');
      task.tell(`{"jsonrpc":"2.0","method":"${UPDATED}","params":{${metaText},"uri":${uriText}${more}}}`);
    });
  }

  async function follow(uri: string): Promise<void> {
    if (!parts.subscriptions.hasRoom(follower, uri)) return;
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: task.request.id,
      method: 'resources/subscribe',
      params: { uri },
    });
    const request = readEnvelope(text);
    if (request.kind !== 'request') return;
    const part: Task = { ...task, request, text, pieces: undefined };
    await requestByUri(parts, scope, part, ({ server, rest }) => {
      const key = `${server.name}\n${rest}`;
      followed.set(key, uri);
      const undo = parts.subscriptions.add(follower, server, placeOf(server, scope.asker), rest);
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
    task.tell(
      `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{${metaText},"notifications":${JSON.stringify(granted)}}}`,
    );
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
      } else if (event.kind === 'notification' && event.method === UPDATED) resourceUpdated(event);
    },
    close() {
      isOpen = false;
      notices.close();
      parts.subscriptions.leave(scope.followerId, scope.asker);
    },
  };
  return { listener, opened: open() };
}

/** More than a stream may follow. */
const MAX_EARLY = 2 * MAX_SUBSCRIPTIONS;

const isTold = (event: UpstreamEvent): boolean =>
  event.kind === 'list_changed' || (event.kind === 'notification' && event.method === UPDATED);

/** The answer to a stream that mcpgate ends. */
export function listenEnded(idText: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete","_meta":{"${ANSWER_META.subscriptionId}":${idText}}}}`;
}
