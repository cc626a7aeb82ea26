// Serves /login/second, the step after a password where more is demanded, and /reauthenticate, where somebody shows anew who they are.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BrowserSignIn } from '../../../identity/sign-in/sign-in.ts';
import type { PageContext } from '../page-context.ts';
import { GoToQuerySchema, ReauthenticationFormSchema, SecondStepFormSchema } from '../page-forms.ts';
import { messagePage } from '../plain-views.ts';
import { waitText } from '../time-text.ts';
import { reauthenticatePage, secondStepPage } from './sign-in-step-views.ts';

const WAITS_NO_MORE = messagePage({
  title: 'This sign-in has ended',
  message: 'It took too long, or went on in another tab. Start again.',
  link: { href: '/login', text: 'To the sign-in page' },
});

export function registerSignInStepRoutes(app: FastifyInstance, context: PageContext): void {
  const { signIn, idp } = context.identity;
  const tooMany = (reply: FastifyReply, retryAfterMs: number): string => {
    reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)));
    return `Too many tries. Wait ${waitText(retryAfterMs)} and try again.`;
  };

  const sendSecondStep = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { goTo, problem, status = 200 }: { goTo: string; problem?: string; status?: number },
  ): Promise<FastifyReply> => {
    const step = await signIn.secondStep(context.sessionToken(request));
    if (step !== undefined)
      return context.send(reply, secondStepPage({ csrf: context.csrf(reply), step, goTo, problem }), { status });
    // Another tab was first.
    if (await context.person(request)) return reply.redirect(goTo, 303);
    return context.send(reply, WAITS_NO_MORE, { status: 410 });
  };
  app.get('/login/second', async (request, reply) => {
    const { go_to: goTo } = GoToQuerySchema.parse(request.query);
    return sendSecondStep(request, reply, { goTo });
  });
  app.post('/login/second', async (request, reply) => {
    const { passkey, name, go_to: goTo } = SecondStepFormSchema.parse(request.body);
    const outcome = await signIn.finish(context.sessionToken(request), { passkey, name }, context.visitor(request));
    if (outcome.kind === 'ok') {
      context.startSession(reply, outcome);
      return reply.redirect(goTo, 303);
    }
    if (outcome.kind === 'gone') return sendSecondStep(request, reply, { goTo });
    if (outcome.kind === 'throttled')
      return sendSecondStep(request, reply, { goTo, problem: tooMany(reply, outcome.retryAfterMs), status: 429 });
    return sendSecondStep(request, reply, { goTo, problem: outcome.message, status: 401 });
  });

  const sendReauthentication = async (
    reply: FastifyReply,
    session: BrowserSignIn,
    { goTo, problem, status = 200 }: { goTo: string; problem?: string; status?: number },
  ): Promise<FastifyReply> => {
    const ways = await signIn.waysToReauthenticate(session);
    const href = `/login/idp?${new URLSearchParams({ again: 'yes', go_to: goTo }).toString()}`;
    const page = reauthenticatePage({
      ...{ csrf: context.csrf(reply), name: session.person.name, goTo, problem },
      passkey: ways.includes('passkey') ? await signIn.reauthenticationOptions(session) : undefined,
      password: ways.includes('password'),
      idp: idp !== undefined && ways.includes('idp') ? { label: idp.label, href } : undefined,
    });
    return context.send(reply, page, { person: session.person, status });
  };
  app.get('/reauthenticate', async (request, reply) => {
    const { go_to: goTo } = GoToQuerySchema.parse(request.query);
    const session = await context.signIn(request);
    if (session === undefined) return reply.redirect('/login', 303);
    return sendReauthentication(reply, session, { goTo });
  });
  app.post('/reauthenticate', async (request, reply) => {
    const { passkey, password, go_to: goTo } = ReauthenticationFormSchema.parse(request.body);
    const session = await context.signIn(request);
    if (session === undefined) return reply.redirect('/login', 303);
    const by = password === '' ? { passkey } : { password };
    const outcome = await signIn.reauthenticate(session, by, context.visitor(request));
    if (outcome.kind === 'ok') {
      context.keepProof(reply, outcome.proof);
      return reply.redirect(goTo, 303);
    }
    if (outcome.kind === 'throttled')
      return sendReauthentication(reply, session, { goTo, problem: tooMany(reply, outcome.retryAfterMs), status: 429 });
    return sendReauthentication(reply, session, { goTo, problem: outcome.message, status: 401 });
  });
}
