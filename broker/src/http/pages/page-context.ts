// What the routes of the pages share.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import type { Person } from '../../domain/people.ts';
import type { Identity } from '../../identity/identity.ts';
import type { WebVisitor } from '../../identity/browser/web-access.ts';
import type { PageCookies } from './cookies.ts';
import type { PageContent } from './layout.ts';

export interface PageContext {
  identity: Identity;
  clock: Clock;
  publicUrl: string;
  /** Holds the secret by which a browser that comes back from the IdP is the one that was sent there. */
  idpCookie: { name: string; options: PageCookies['options'] };
  visitor(request: FastifyRequest): WebVisitor;
  person(request: FastifyRequest): Promise<Person | undefined>;
  /** A device or application was let in by this browser's person. */
  letIn(request: FastifyRequest, login: { what: 'device' | 'client'; id: string; userId: string }): Promise<void>;
  csrf(reply: FastifyReply): string;
  send(
    reply: FastifyReply,
    page: PageContent,
    options?: { person?: Person | undefined; status?: number; formTarget?: string },
  ): FastifyReply;
  startSession(reply: FastifyReply, login: { token: string; expiresAt: number; known?: string }): void;
  /** Where the browser goes on to, if the session came by the IdP and ends there too. */
  endSession(request: FastifyRequest, reply: FastifyReply): Promise<string | undefined>;
}
