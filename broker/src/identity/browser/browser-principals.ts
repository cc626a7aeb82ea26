// Who asks with the cookie of a browser session, where a request is no page's: as `authenticate` says it of bearer tokens.
import type { Authentication, RejectionReason } from '../authentication.ts';
import { sessionIdOf, type WebSessions } from './web-sessions.ts';

const MESSAGES = {
  missing: 'nobody is signed in here: sign in at /login, or send a bearer token',
  expired: 'this browser is not signed in any more; sign in again at /login',
  revoked: 'the account behind this sign-in is suspended or was removed; ask your platform team',
} as const satisfies Partial<Record<RejectionReason, string>>;

const rejected = (reason: keyof typeof MESSAGES): Authentication => ({
  ...{ kind: 'rejected', reason },
  message: MESSAGES[reason],
});

export function createBrowserPrincipals(
  sessions: Pick<WebSessions, 'find' | 'authenticatedAt'>,
): (cookie: string | undefined, proof?: string) => Promise<Authentication> {
  return async (cookie, proof) => {
    if (cookie === undefined) return rejected('missing');
    const found = await sessions.find(cookie);
    if (found === undefined) return rejected('expired');
    if (found === 'suspended') return rejected('revoked');
    const { session, user } = found;
    const { id, name, role, groups } = user;
    return {
      kind: 'ok',
      principal: {
        workspaceId: user.workspaceId,
        user: { id, name, role, groups },
        credential: { kind: 'session', id: sessionIdOf(session), label: session.userAgent.slice(0, 64) },
        expiresAt: session.expiresAt,
        authenticatedAt: sessions.authenticatedAt(session, proof),
      },
    };
  };
}
