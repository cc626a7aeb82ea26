// People who ask from a page in their browser: by the cookie of their session, or signed in by the company's reverse proxy. The browser adds either to
// whatever any page makes it send, so such a request must come from the broker's own pages, and one that changes something must carry the session's token.
import type { FastifyRequest } from 'fastify';
import { CSRF_HEADER } from 'mcpgate-shared/api/session';
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from '../../admin/operation.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Identity } from '../../identity/identity.ts';
import { cookieValue } from '../doors/cookie-value.ts';
import type { ForwardedDoor } from '../doors/forwarded-door.ts';
import { createSameOrigin } from '../doors/same-origin.ts';
import { pageCookies } from '../pages/page-context.ts';
import { rejected } from '../rejection.ts';
import { createCsrfTokens } from './csrf-tokens.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Throws `not_logged_in` and `forbidden`, after recording it. */
export type ResolveBrowser = (request: FastifyRequest) => Promise<Caller>;

export function createResolveBrowser(parts: {
  identity: Pick<Identity, 'authenticateBrowser' | 'web' | 'idp' | 'signIn'>;
  forwarded: ForwardedDoor | undefined;
  audit: Pick<Audit, 'refused'>;
  publicUrl: string;
}): ResolveBrowser {
  const { identity, forwarded, audit } = parts;
  const {
    session: cookieName,
    proof: proofName,
    known: knownName,
    options: cookieOptions,
  } = pageCookies(parts.publicUrl);
  const csrf = createCsrfTokens(identity.web.formKey);
  const isOurs = createSameOrigin(parts.publicUrl);
  const attributes = `Path=${cookieOptions.path}; HttpOnly; SameSite=Lax${cookieOptions.secure ? '; Secure' : ''}`;
  const gone = `${cookieName}=; Path=${cookieOptions.path}; HttpOnly; SameSite=Lax; Max-Age=0${cookieOptions.secure ? '; Secure' : ''}`;

  const principalOf = async (request: FastifyRequest, cookie: string | undefined): Promise<Principal> => {
    const entered = await forwarded?.enter(request, 'api');
    if (entered !== undefined) return entered.principal;
    const answer = await identity.authenticateBrowser(cookie, cookieValue(request.headers.cookie, proofName));
    if (answer.kind === 'rejected')
      throw await rejected(audit, answer, { door: 'api', address: request.ip, of: request.raw });
    return answer.principal;
  };

  return async (request) => {
    const cookie = cookieValue(request.headers.cookie, cookieName);
    const principal = await principalOf(request, cookie);
    const { user, workspaceId, credential, expiresAt } = principal;
    if (user === undefined) throw new GateError('internal', 'a browser without a person');
    const session = `${credential.kind}:${credential.id}:${credential.kind === 'session' ? cookie : user.id}`;

    const refuse = async (reason: string, message: string): Promise<GateError> => {
      const event = { type: 'auth.rejected', actor: user.name, subject: `user:${user.name}`, address: request.ip };
      const data = { door: 'api', reason, credential_kind: credential.kind, credential_id: credential.id };
      await audit.refused({ workspace_id: workspaceId, ...event, data }, request.raw);
      return new GateError('forbidden', message);
    };
    if (!isOurs(request))
      throw await refuse(
        'other_site',
        'this request comes from a page of another site, which may ask for nothing here',
      );
    if (!SAFE.has(request.method) && !csrf.fits(request.headers[CSRF_HEADER], session))
      throw await refuse(
        'csrf_token',
        `send the csrf_token of GET /api/v1/session in ${CSRF_HEADER}; one of another sign-in is good for nothing`,
      );

    const visitor = {
      address: request.ip,
      userAgent: request.headers['user-agent'] ?? '',
      known: cookieValue(request.headers.cookie, knownName),
      request: request.raw,
    };
    return {
      actor: { name: user.name, address: request.ip },
      role: user.role,
      ...{ workspaceId, homeWorkspaceId: workspaceId, credential, principal, expiresAt },
      browser: {
        csrfToken: csrf.of(session),
        visitor,
        async session() {
          const proof = cookieValue(request.headers.cookie, proofName);
          const own = credential.kind === 'session' ? await identity.signIn.session(cookie, proof) : undefined;
          if (own !== undefined) return own;
          throw new GateError('conflict', 'a reverse proxy signs you in here: it alone can ask you anew who you are');
        },
        keepProof: (proof) => `${proofName}=${proof}; ${attributes}`,
        expiresAt: expiresAt ?? null,
        async signOut() {
          if (credential.kind !== 'session' || cookie === undefined)
            throw new GateError('conflict', 'a reverse proxy signs you in here: sign out there');
          await identity.web.logout(cookie, visitor);
          return { continueAt: (await identity.idp?.endUrl(cookie)) ?? null, setCookie: gone };
        },
      },
    };
  };
}
