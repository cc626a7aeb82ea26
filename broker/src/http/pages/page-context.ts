// What the routes of all pages share: the person in the browser, cookies, sending a page.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import type { Person } from '../../domain/people/people.ts';
import type { Identity } from '../../identity/identity.ts';
import type { BrowserSignIn } from '../../identity/sign-in/sign-in.ts';
import type { WebVisitor } from '../../identity/browser/web-access.ts';
import type { PageContent } from './layout.ts';

export interface PageContext {
  identity: Identity;
  clock: Clock;
  publicUrl: string;
  /** The cookie with the secret that proves that a browser which comes back from the IdP is the one that was sent there. */
  idpCookie: { name: string; options: PageCookies['options'] };
  /** The same for a browser that comes back from a server's authorization server. */
  accountsCookie: { name: string; options: PageCookies['options'] };
  visitor(request: FastifyRequest): WebVisitor;
  person(request: FastifyRequest): Promise<Person | undefined>;
  /** The sign-in behind the browser's own cookie; undefined also for whoever is signed in by a reverse proxy. */
  signIn(request: FastifyRequest): Promise<BrowserSignIn | undefined>;
  /** Whether the person has shown lately who they are. */
  isFresh(signIn: BrowserSignIn): boolean;
  /** The cookie's value of the session, be it finished or not. */
  sessionToken(request: FastifyRequest): string | undefined;
  /** A secret of this browser alone, to which what it is asked before a sign-in is bound. */
  browserSecret(request: FastifyRequest, reply: FastifyReply): string;
  /** Notes that this browser's person has approved a device or an application (`CompanyLogin.letIn`). */
  letIn(request: FastifyRequest, login: { what: 'device' | 'client'; id: string; userId: string }): Promise<void>;
  csrf(reply: FastifyReply): string;
  send(
    reply: FastifyReply,
    page: PageContent,
    options?: { person?: Person | undefined; status?: number; formTarget?: string },
  ): FastifyReply;
  startSession(reply: FastifyReply, login: { token: string; expiresAt: number; known?: string | undefined }): void;
  /** The session's person has shown anew who they are. */
  keepProof(reply: FastifyReply, proof: string): void;
  /** Leads on after a sign-in: to where it was going, by the second step where there is one. */
  goOn(reply: FastifyReply, login: { isFinished: boolean }, goTo: string): FastifyReply;
  /** Ends the browser session; returns the URL at which the browser signs out at the IdP too, where the session began there. */
  endSession(request: FastifyRequest, reply: FastifyReply): Promise<string | undefined>;
}

/** The names and options of the pages' cookies. Over https browsers bind them to this host alone (`__Host-`); plain http is for the loopback only. */
interface PageCookies {
  session: string;
  csrf: string;
  idp: string;
  accounts: string;
  known: string;
  proof: string;
  browser: string;
  options: { path: '/'; httpOnly: true; sameSite: 'lax'; secure: boolean };
}

export function pageCookies(publicUrl: string): PageCookies {
  const secure = new URL(publicUrl).protocol === 'https:';
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}mcpgate`,
    csrf: `${prefix}mcpgate-form`,
    idp: `${prefix}mcpgate-idp`,
    accounts: `${prefix}mcpgate-accounts`,
    known: `${prefix}mcpgate-known`,
    proof: `${prefix}mcpgate-proof`,
    browser: `${prefix}mcpgate-browser`,
    options: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  };
}
