// Browser sessions: a random cookie, kept as its SHA-256, ended by time, logout, a new password or the person being disabled. One that ends takes with
// it what is open in its browser, at all brokers. Where a second factor is demanded of its person and was not shown, a session is unfinished: it is
// nobody's sign-in, and good for nothing but the second step. What is demanded is asked of each request, so that it holds at once for whom it comes to.
import type { Clock } from 'mcpgate-shared/clock';
import type { SecondFactor } from '../../domain/people/passkey.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Revocation } from '../../domain/people/revocation.ts';
import { SHOWN_HASH, type SignInFacts, type WebSessionRecord } from '../../store/repositories/people/web-sessions.ts';
import type { Store } from '../../store/store.ts';
import { createSecret, isSecret, sameText, sha256Hex } from '../../store/secret-token.ts';
import type { SecondFactors } from '../sign-in/second-factor.ts';
import type { WebVisitor } from './web-access.ts';

const LIFETIME_MS = 12 * 3_600_000;
/** How long the second step may take. */
const UNFINISHED_MS = 15 * 60_000;
const PREFIX = 'web-';

/** Whether `session end` means a browser session by this id. */
export const isSessionId = (id: string): boolean => id.startsWith(PREFIX);

/** The id by which the administration names a browser session. It says nothing of the cookie. */
export const sessionIdOf = ({ tokenHash }: Pick<WebSessionRecord, 'tokenHash'>): string =>
  `${PREFIX}${tokenHash.slice(0, SHOWN_HASH)}`;

/** The beginning of the hash that stands in such an id. */
export const hashOfSession = (id: string): string => id.slice(PREFIX.length);

export interface StartedSession {
  /** The cookie's value. */
  token: string;
  expiresAt: number;
  /** False: the person must show a second factor first. */
  isFinished: boolean;
}

export interface FoundSession {
  session: WebSessionRecord;
  user: UserRecord;
}

export interface WebSessions {
  /** `authenticatedAt`: when the person showed who they are, where that was elsewhere and before. */
  start(
    user: UserRecord,
    visitor: WebVisitor,
    how: SignInFacts & { authenticatedAt?: number },
  ): Promise<StartedSession>;
  /** The person; undefined where the session is unknown, unfinished or has ended, or the person is disabled. */
  userOf(token: string | undefined): Promise<UserRecord | undefined>;
  /** The session and its person, likewise; `suspended` where the person is disabled. */
  find(token: string | undefined): Promise<FoundSession | 'suspended' | undefined>;
  /** A session that waits for its second step. */
  unfinished(token: string | undefined): Promise<FoundSession | undefined>;
  /** Replaces an unfinished session by a finished one with another cookie; undefined where another request did so. */
  finish(found: FoundSession, visitor: WebVisitor, secondFactor: SecondFactor): Promise<StartedSession | undefined>;
  /** When the person last showed who they are. `proof`: the secret that came of that, where it was after the sign-in. */
  authenticatedAt(session: WebSessionRecord, proof: string | undefined): number;
  /** The person has shown anew who they are; returns the proof of it. */
  authenticated(session: WebSessionRecord): Promise<{ proof: string; authenticatedAt: number }>;
  /** Ends the session; returns whose it was, as `userOf` does. */
  end(token: string): Promise<UserRecord | undefined>;
  /** Ends these sessions of a workspace. */
  endThese(workspaceId: string, tokenHashes: readonly string[]): Promise<void>;
  /** Ends all sessions of a person, but the one with this hash; returns how many. */
  endOf(user: Pick<UserRecord, 'id' | 'workspaceId'>, butHash?: string): Promise<number>;
}

export function createWebSessions({
  store,
  clock,
  secondFactors,
  cut,
}: {
  store: Store;
  clock: Clock;
  secondFactors: Pick<SecondFactors, 'isDemandedOf'>;
  /** Ends what is open of these, here and at the other brokers. */
  cut: (revocations: readonly Revocation[]) => Promise<void>;
}): WebSessions {
  const ended = (workspaceId: string, tokenHash: string): Revocation => ({
    ...{ workspaceId, kind: 'session', id: sessionIdOf({ tokenHash }) },
    reason: 'the browser was signed out',
  });
  const isFinished = (user: UserRecord, { secondFactor }: Pick<SignInFacts, 'secondFactor'>): boolean =>
    secondFactor !== null || !secondFactors.isDemandedOf(user);

  const look = async (token: string | undefined): Promise<FoundSession | undefined> => {
    if (token === undefined || !isSecret(token)) return undefined;
    const session = await store.webSessions.byTokenHash(sha256Hex(token), clock.now());
    if (session === undefined || session.expiresAt <= clock.now()) return undefined;
    const user = await store.users.byId(session.userId);
    return user && { session, user };
  };
  const find: WebSessions['find'] = async (token) => {
    const found = await look(token);
    if (found === undefined || !isFinished(found.user, found.session)) return undefined;
    return found.user.disabledAt === null ? found : 'suspended';
  };
  const userOf: WebSessions['userOf'] = async (token) => {
    const found = await find(token);
    return found === 'suspended' ? undefined : found?.user;
  };
  const endThese: WebSessions['endThese'] = async (workspaceId, tokenHashes) => {
    for (const tokenHash of tokenHashes) await store.webSessions.remove(tokenHash);
    await cut(tokenHashes.map((tokenHash) => ended(workspaceId, tokenHash)));
  };
  const start: WebSessions['start'] = async (user, visitor, how) => {
    const token = createSecret();
    const createdAt = clock.now();
    const isDone = isFinished(user, how);
    const expiresAt = createdAt + (isDone ? LIFETIME_MS : UNFINISHED_MS);
    await store.webSessions.create({
      tokenHash: sha256Hex(token),
      ...{ workspaceId: user.workspaceId, userId: user.id },
      ...{ address: visitor.address, userAgent: visitor.userAgent.slice(0, 256) },
      ...{ createdAt, expiresAt, authenticatedAt: how.authenticatedAt ?? createdAt, proofHash: null },
      ...{ method: how.method, secondFactor: how.secondFactor, isPasswordWeak: how.isPasswordWeak },
    });
    return { token, expiresAt, isFinished: isDone };
  };
  return {
    find,
    userOf,
    endThese,
    start,
    async unfinished(token) {
      const found = await look(token);
      if (found === undefined || found.user.disabledAt !== null || isFinished(found.user, found.session))
        return undefined;
      // A session of before the factor was demanded is none that has just begun: its person signs in anew.
      return clock.now() - found.session.createdAt < UNFINISHED_MS ? found : undefined;
    },
    async finish({ session, user }, visitor, secondFactor) {
      if (!(await store.webSessions.remove(session.tokenHash))) return undefined;
      const { method, isPasswordWeak } = session;
      return start(user, visitor, { method, isPasswordWeak, secondFactor });
    },
    authenticatedAt(session, proof) {
      const { proofHash, authenticatedAt, createdAt } = session;
      if (proofHash === null) return authenticatedAt;
      // What was shown since counts where it was shown alone: a cookie that somebody else has had from before is no fresher by it.
      return proof !== undefined && sameText(sha256Hex(proof), proofHash) ? authenticatedAt : createdAt;
    },
    async authenticated({ tokenHash }) {
      const proof = createSecret();
      const authenticatedAt = clock.now();
      await store.webSessions.authenticated(tokenHash, { at: authenticatedAt, hash: sha256Hex(proof) });
      return { proof, authenticatedAt };
    },
    async end(token) {
      const user = await userOf(token);
      if (user === undefined) await store.webSessions.remove(sha256Hex(token));
      else await endThese(user.workspaceId, [sha256Hex(token)]);
      return user;
    },
    async endOf({ id, workspaceId }, butHash) {
      const removed = await store.webSessions.removeByUser(id, butHash);
      await cut(removed.map((tokenHash) => ended(workspaceId, tokenHash)));
      return removed.length;
    },
  };
}
