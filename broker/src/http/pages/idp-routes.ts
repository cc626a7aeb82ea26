// Serves /login/idp and /oauth/idp/callback: sends the browser to the company's IdP, takes it back, and leads on to where the person was going.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Person } from '../../domain/people/people.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import { CALLBACK_PATH, type CompanyLogin } from '../../identity/idp/company-login.ts';
import type { Refusal, RefusalReason } from '../../identity/idp/refusal.ts';
import type { PageContext } from './page-context.ts';
import { GoToQuerySchema, LoginQuerySchema, pathAfter } from './page-forms.ts';
import { messagePage } from './plain-views.ts';

const STATUS: Readonly<Record<RefusalReason, number>> = {
  throttled: 429,
  unreachable: 503,
  misconfigured: 502,
  denied: 403,
  state: 400,
  code: 400,
  token: 502,
  clock: 502,
  domain: 403,
  groups: 403,
  workspace: 403,
  elsewhere: 403,
  no_account: 403,
  disabled: 403,
};

/** Where the dashboard shows what came of a trial. */
const SETTINGS_PATH = '/settings/sign-in';
const mayTry = ({ role, workspaceId }: Person): boolean => may(role, 'administer') && workspaceId === DEFAULT_WORKSPACE;

export function registerIdpRoutes(app: FastifyInstance, context: PageContext, idp: CompanyLogin): void {
  const { name: cookie, options } = context.idpCookie;
  const secretOf = (request: FastifyRequest): string | undefined => request.cookies[cookie];

  const sendRefusal = (reply: FastifyReply, { reason, message }: Refusal): FastifyReply => {
    const page = messagePage({
      title: 'You are not signed in',
      message,
      link: { href: '/login', text: 'To the sign-in page' },
    });
    return context.send(reply, page, { status: STATUS[reason] });
  };

  const tryOut = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const person = (await context.signIn(request))?.person;
    if (person === undefined || !mayTry(person)) {
      const message = `A sign-in is tried out by administrators of the workspace ${DEFAULT_WORKSPACE}.`;
      return sendRefusal(reply, { kind: 'refused', reason: 'denied', message });
    }
    const { id, name, workspaceId } = person;
    const trial = { id, name, workspaceId };
    const begun = await idp.start(secretOf(request), SETTINGS_PATH, context.visitor(request), { trial });
    if (begun.kind === 'refused') return sendRefusal(reply, begun);
    if (begun.kind === 'tried') return reply.redirect(SETTINGS_PATH, 303);
    reply.setCookie(cookie, begun.browserSecret, options);
    return reply.redirect(begun.url, 303);
  };

  app.get('/login/idp', async (request, reply) => {
    const { go_to: back, again, try: trial } = GoToQuerySchema.parse(request.query);
    if (trial !== '') return tryOut(request, reply);
    const signIn = again === '' ? undefined : await context.signIn(request);
    const goTo = signIn === undefined ? pathAfter(LoginQuerySchema.parse(request.query)) : back;
    const who = signIn && { again: { userId: signIn.person.id } };
    const begun = await idp.start(secretOf(request), goTo, context.visitor(request), who);
    if (begun.kind === 'refused') return sendRefusal(reply, begun);
    if (begun.kind === 'tried') throw new GateError('internal', 'a sign-in that was no trial was tried');
    reply.setCookie(cookie, begun.browserSecret, options);
    return reply.redirect(begun.url, 303);
  });

  app.get(CALLBACK_PATH, async (request, reply) => {
    const query = new URL(request.url, context.publicUrl).searchParams;
    const session = { token: context.sessionToken(request) };
    const outcome = await idp.finish(query, secretOf(request), context.visitor(request), session);
    if (outcome.kind === 'refused') return sendRefusal(reply, outcome);
    if (outcome.kind === 'tried') return reply.redirect(outcome.goTo, 303);
    if (outcome.kind === 'again') {
      context.keepProof(reply, outcome.proof);
      return reply.redirect(outcome.goTo, 303);
    }
    context.startSession(reply, outcome);
    return context.goOn(reply, outcome, outcome.goTo);
  });
}
