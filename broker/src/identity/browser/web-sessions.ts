// Browser sessions: a random cookie, kept as its SHA-256, ended by time, logout, a new password or the person being disabled. One that ends takes with
// it what is open in its browser, at all brokers.
import type { Clock } from 'mcpgate-shared/clock';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Revocation } from '../../domain/people/revocation.ts';
import type { WebSessionRecord } from '../../store/repositories/people/web-sessions.ts';
import type { Store } from '../../store/store.ts';
import { createSecret, isSecret, sha256Hex } from '../../store/secret-token.ts';
import type { WebVisitor } from './web-access.ts';

const LIFETIME_MS = 12 * 3_600_000;
const PREFIX = 'web-';

/** Whether `session end` means a browser session by this id. */
export const isSessionId = (id: string): boolean => id.startsWith(PREFIX);

/** The id by which the administration names a browser session. It says nothing of the cookie. */
export const sessionIdOf = ({ tokenHash }: Pick<WebSessionRecord, 'tokenHash'>): string =>
  `${PREFIX}${tokenHash.slice(0, 16)}`;

export interface WebSessions {
  /** Makes a session; `token` is the cookie's value. */
  start(user: UserRecord, visitor: WebVisitor): Promise<{ token: string; expiresAt: number }>;
  /** The person; undefined where the session is unknown or has ended, or the person is disabled. */
  userOf(token: string | undefined): Promise<UserRecord | undefined>;
  /** The session and its person, likewise; `suspended` where the person is disabled. */
  find(token: string | undefined): Promise<{ session: WebSessionRecord; user: UserRecord } | 'suspended' | undefined>;
  /** Ends the session; returns whose it was, as `userOf` does. */
  end(token: string): Promise<UserRecord | undefined>;
  /** Ends these sessions of a workspace. */
  endThese(workspaceId: string, tokenHashes: readonly string[]): Promise<void>;
  /** Ends all sessions of a person; returns how many. */
  endOf(user: Pick<UserRecord, 'id' | 'workspaceId'>): Promise<number>;
}

export function createWebSessions({
  store,
  clock,
  cut,
}: {
  store: Store;
  clock: Clock;
  /** Ends what is open of these, here and at the other brokers. */
  cut: (revocations: readonly Revocation[]) => Promise<void>;
}): WebSessions {
  const ended = (workspaceId: string, tokenHash: string): Revocation => ({
    ...{ workspaceId, kind: 'session', id: sessionIdOf({ tokenHash }) },
    reason: 'the browser was signed out',
  });
  const find: WebSessions['find'] = async (token) => {
    if (token === undefined || !isSecret(token)) return undefined;
    const session = await store.webSessions.byTokenHash(sha256Hex(token), clock.now());
    if (session === undefined || session.expiresAt <= clock.now()) return undefined;
    const user = await store.users.byId(session.userId);
    return user?.disabledAt === null ? { session, user } : 'suspended';
  };
  const userOf: WebSessions['userOf'] = async (token) => {
    const found = await find(token);
    return found === 'suspended' ? undefined : found?.user;
  };
  const endThese: WebSessions['endThese'] = async (workspaceId, tokenHashes) => {
    for (const tokenHash of tokenHashes) await store.webSessions.remove(tokenHash);
    await cut(tokenHashes.map((tokenHash) => ended(workspaceId, tokenHash)));
  };
  return {
    find,
    userOf,
    endThese,
    async start(user, visitor) {
      const token = createSecret();
      const createdAt = clock.now();
      const expiresAt = createdAt + LIFETIME_MS;
      const { address, userAgent } = visitor;
      const tokenHash = sha256Hex(token);
      const { workspaceId, id: userId } = user;
      await store.webSessions.create({
        tokenHash,
        workspaceId,
        userId,
        address,
        userAgent: userAgent.slice(0, 256),
        createdAt,
        expiresAt,
      });
      return { token, expiresAt };
    },
    async end(token) {
      const user = await userOf(token);
      if (user === undefined) await store.webSessions.remove(sha256Hex(token));
      else await endThese(user.workspaceId, [sha256Hex(token)]);
      return user;
    },
    async endOf({ id, workspaceId }) {
      const tokenHashes = await store.webSessions.removeByUser(id);
      await cut(tokenHashes.map((tokenHash) => ended(workspaceId, tokenHash)));
      return tokenHashes.length;
    },
  };
}
