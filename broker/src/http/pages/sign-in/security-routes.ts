// Serves /security: a person's own password and passkeys. Passkeys are registered and removed by whoever has shown lately that it is them.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { BrowserSignIn } from '../../../identity/sign-in/sign-in.ts';
import { MAX_PASSKEYS } from '../../../identity/sign-in/passkeys.ts';
import type { PageContext } from '../page-context.ts';
import { PasskeyFormSchema, PasswordFormSchema, SecondStepFormSchema } from '../page-forms.ts';
import { messagePage } from '../plain-views.ts';
import { waitText } from '../time-text.ts';
import { securityPage, type SecurityView } from './security-views.ts';

const AGAIN = '/reauthenticate?go_to=/security';
const ELSEWHERE = messagePage({
  title: 'You sign in elsewhere',
  message: 'Your company’s proxy signs you in, so there is no password and no passkey here.',
});

export function registerSecurityRoutes(app: FastifyInstance, context: PageContext): void {
  const { signIn } = context.identity;

  const sendPage = async (
    reply: FastifyReply,
    session: BrowserSignIn,
    { status = 200, ...told }: Pick<SecurityView, 'done' | 'problem'> & { status?: number } = {},
  ): Promise<FastifyReply> => {
    const { person, isPasswordWeak } = session;
    const passkeys = await signIn.passkeysOf(person);
    const register = async (): Promise<SecurityView['register']> => {
      if (!signIn.passkeysArePossible) return undefined;
      if (passkeys.length >= MAX_PASSKEYS) return 'full';
      return context.isFresh(session) ? signIn.registrationOptions(session) : 'reauthenticate';
    };
    const page = securityPage({
      ...{ csrf: context.csrf(reply), name: person.name, hasPassword: person.hasPassword, isPasswordWeak },
      passkeys,
      register: await register(),
      now: context.clock.now(),
      ...told,
    });
    return context.send(reply, page, { person, status });
  };

  app.get('/security', async (request, reply) => {
    const session = await context.signIn(request);
    if (session !== undefined) return sendPage(reply, session);
    const person = await context.person(request);
    return person === undefined ? reply.redirect('/login', 303) : context.send(reply, ELSEWHERE, { person });
  });

  app.post('/security/password', async (request, reply) => {
    const { current, password, repeat } = PasswordFormSchema.parse(request.body);
    const session = await context.signIn(request);
    if (session === undefined) return reply.redirect('/login', 303);
    const refuse = (field: 'current' | 'password' | 'repeat' | undefined, message: string, status = 422) =>
      sendPage(reply, session, { problem: { field, message }, status });
    if (password !== repeat) return refuse('repeat', 'The two passwords differ.');
    const outcome = await signIn.changePassword(session, { current, next: password }, context.visitor(request));
    if (outcome.kind === 'throttled')
      return refuse(undefined, `Too many tries. Wait ${waitText(outcome.retryAfterMs)} and try again.`, 429);
    if (outcome.kind === 'refused') return refuse(outcome.field, outcome.message);
    context.keepProof(reply, outcome.proof);
    const done = 'Your password is changed. Other browsers in which you were signed in are not any more.';
    const now = { ...session, authenticatedAt: outcome.authenticatedAt, isPasswordWeak: false };
    return sendPage(reply, now, { done });
  });

  app.post('/security/passkeys', async (request, reply) => {
    const { passkey, name } = SecondStepFormSchema.parse(request.body);
    const session = await context.signIn(request);
    if (session === undefined) return reply.redirect('/login', 303);
    if (!context.isFresh(session)) return reply.redirect(AGAIN, 303);
    const outcome = await signIn.registerPasskey(session, { passkey, name }, context.visitor(request));
    if (outcome.kind === 'ok') return sendPage(reply, session, { done: `${outcome.passkey.name} is registered.` });
    return sendPage(reply, session, { problem: { field: undefined, message: outcome.message }, status: 422 });
  });

  app.post('/security/passkeys/remove', async (request, reply) => {
    const { id } = PasskeyFormSchema.parse(request.body);
    const session = await context.signIn(request);
    if (session === undefined) return reply.redirect('/login', 303);
    if (!context.isFresh(session)) return reply.redirect(AGAIN, 303);
    const { passkey } = await signIn.removePasskey(session, id, context.visitor(request));
    return sendPage(reply, session, { done: `${passkey.name} is removed, and your other browsers are signed out.` });
  });
}
