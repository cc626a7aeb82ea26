// Which resources sessions and streams follow. A server is told when the first follower of a connection follows a URI and when the last one
// stops.
import { toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { ServerRecord } from '../../domain/server-record.ts';
import { placeOf, type Requester, type UpstreamEvent, type Upstreams } from '../../upstreams/upstream.ts';

/** A session, or one stream of changes. */
export interface Follower {
  id: string;
  /** The person or grant that it belongs to (`userKeyOf`). */
  userKey: string;
}

export interface Subscriptions {
  /** Notes that a follower follows a URI. Returns a function that takes this back if it was new. */
  add(follower: Follower, server: ServerRecord, place: string | null, uri: string): () => void;
  /** False: this person follows too much already, over all sessions and streams. */
  hasRoom(follower: Follower, uri: string): boolean;
  /** Removes a URI. Returns true if nobody else on the same connection follows it. */
  remove(sessionKey: string, server: ServerRecord, place: string | null, uri: string): boolean;
  /** The ids of the sessions and streams that follow the URI on this connection. */
  followers(workspaceId: string, server: string, place: string | null, uri: string): ReadonlySet<string>;
  /**
   * Whether a follower is told of updates of the URI: it follows the URI, or one that this is a part of (MCP, `ResourceUpdatedNotification`:
   * "a sub-resource").
   */
  isFollowed(followerId: string, server: ServerRecord, place: string | null, uri: string): boolean;
  /** How many resources the session follows. */
  count(sessionKey: string): number;
  /** A connection was made, for the first time or again: sends it all subscriptions of its followers. */
  renew(event: UpstreamEvent & { kind: 'connected' }): void;
  /** A follower has ended: removes what it followed, and tells servers where it was the last one. */
  leave(followerId: string, requester: Requester): void;
}

const NEVER = new AbortController().signal;
const NOBODY: ReadonlySet<string> = new Set();
/** How many resources one session may follow at the same time. */
export const MAX_SUBSCRIPTIONS = 1_000;
/** The characters of all URIs that one person may follow. */
const MAX_CHARS_EACH = 4 * 1024 * 1024;

function isPartOf(uri: string, whole: string): boolean {
  return uri.startsWith(whole) && (whole.endsWith('/') || /^[/?#]/.test(uri.slice(whole.length, whole.length + 1)));
}

interface Followed {
  server: ServerRecord;
  place: string | null;
  uri: string;
  sessions: Set<string>;
}

export function createSubscriptions(
  upstreams: Pick<Upstreams, 'acquire'>,
  log: Pick<BaseLogger, 'warn'>,
): Subscriptions {
  const followed = new Map<string, Followed>();
  const bySession = new Map<string, { userKey: string; keys: Set<string> }>();
  const charsByUser = new Map<string, number>();
  const keyOf = (workspaceId: string, server: string, place: string | null, uri: string): string =>
    `${workspaceId}\n${server}\n${place ?? ''}\n${uri}`;

  function count(userKey: string, chars: number): void {
    const sum = (charsByUser.get(userKey) ?? 0) + chars;
    if (sum > 0) charsByUser.set(userKey, sum);
    else charsByUser.delete(userKey);
  }

  function drop(key: string, sessionKey: string): Followed | undefined {
    const entry = followed.get(key);
    if (entry?.sessions.delete(sessionKey) !== true) return undefined;
    const own = bySession.get(sessionKey);
    if (own?.keys.delete(key) === true) count(own.userKey, -key.length);
    if (own?.keys.size === 0) bySession.delete(sessionKey);
    if (entry.sessions.size > 0) return undefined;
    followed.delete(key);
    return entry;
  }

  return {
    hasRoom: ({ userKey }, uri) => (charsByUser.get(userKey) ?? 0) + uri.length <= MAX_CHARS_EACH,
    add({ id: sessionKey, userKey }, server, place, uri) {
      const key = keyOf(server.workspaceId, server.name, place, uri);
      const entry = followed.get(key) ?? { server, place, uri, sessions: new Set() };
      const isNew = !entry.sessions.has(sessionKey);
      entry.sessions.add(sessionKey);
      followed.set(key, entry);
      const own = bySession.get(sessionKey) ?? { userKey, keys: new Set() };
      own.keys.add(key);
      if (isNew) count(userKey, key.length);
      bySession.set(sessionKey, own);
      return () => void (isNew && drop(key, sessionKey));
    },
    remove: (sessionKey, server, place, uri) =>
      drop(keyOf(server.workspaceId, server.name, place, uri), sessionKey) !== undefined,
    followers: (workspaceId, server, place, uri) =>
      followed.get(keyOf(workspaceId, server, place, uri))?.sessions ?? NOBODY,
    isFollowed(followerId, { workspaceId, name }, place, uri) {
      if (followed.get(keyOf(workspaceId, name, place, uri))?.sessions.has(followerId) === true) return true;
      for (const key of bySession.get(followerId)?.keys ?? []) {
        const entry = followed.get(key);
        if (entry?.server.name === name && entry.place === place && isPartOf(uri, entry.uri)) return true;
      }
      return false;
    },
    count: (sessionKey) => bySession.get(sessionKey)?.keys.size ?? 0,
    renew({ workspaceId, server, place, session }) {
      for (const entry of followed.values()) {
        if (entry.server.name !== server || entry.server.workspaceId !== workspaceId || entry.place !== place) continue;
        const paramsText = JSON.stringify({ uri: entry.uri });
        session.request({ method: 'resources/subscribe', paramsText, signal: NEVER }).catch((error: unknown) => {
          const why = toGateError(error).message;
          log.warn({ server, error: why }, 'a resource that sessions follow could not be followed again');
        });
      }
    },
    leave(followerId, requester) {
      for (const key of [...(bySession.get(followerId)?.keys ?? [])]) {
        const last = drop(key, followerId);
        // Connections of the follower alone end with it, so their servers need not be told.
        if (last === undefined || placeOf(last.server, requester) === followerId) continue;
        // Failures do not matter: no client waits for this, and a server that has ended has forgotten its subscriptions.
        upstreams
          .acquire(last.server, requester)
          .then((session) =>
            session.request({
              method: 'resources/unsubscribe',
              paramsText: JSON.stringify({ uri: last.uri }),
              signal: AbortSignal.timeout(10_000),
            }),
          )
          .catch(() => undefined);
      }
    },
  };
}
