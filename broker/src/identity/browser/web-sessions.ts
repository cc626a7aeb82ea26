// Browser sessions: a random cookie, kept as its SHA-256, ended by time, logout, a new password or the person being disabled.
import type { Clock } from 'mcpgate-shared/clock';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import { createSecret, isSecret, sha256Hex } from '../../store/secret-token.ts';
import type { WebVisitor } from './web-access.ts';

const LIFETIME_MS = 12 * 3_600_000;

export interface WebSessions {
  /** Makes a session; `token` is the cookie's value. */
  start(user: UserRecord, visitor: WebVisitor): Promise<{ token: string; expiresAt: number }>;
  /** The person; undefined where the session is unknown or has ended, or the person is disabled. */
  userOf(token: string | undefined): Promise<UserRecord | undefined>;
  /** Ends the session; returns whose it was, as `userOf` does. */
  end(token: string): Promise<UserRecord | undefined>;
}

export function createWebSessions({ store, clock }: { store: Store; clock: Clock }): WebSessions {
  const userOf = async (token: string | undefined): Promise<UserRecord | undefined> => {
    if (token === undefined || !isSecret(token)) return undefined;
    const session = await store.webSessions.byTokenHash(sha256Hex(token), clock.now());
    if (session === undefined || session.expiresAt <= clock.now()) return undefined;
    const user = await store.users.byId(session.userId);
    return user?.disabledAt === null ? user : undefined;
  };
  return {
    userOf,
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
      await store.webSessions.remove(sha256Hex(token));
      return user;
    },
  };
}
