// Serves /setup (the first administrator), /link (setting a password), /login and /logout.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { SetPasswordOutcome, Throttled } from '../../identity/browser/web-access.ts';
import { loginPage, logoutPage, passwordPage, setupPage, signOutThereTooPage } from './sign-in-views.ts';
import type { PageContext } from './page-context.ts';
import {
  LoginFormSchema,
  LoginQuerySchema,
  PasskeyLoginFormSchema,
  pathAfter,
  SetupFormSchema,
  TokenQuerySchema,
  type LoginGoal,
} from './page-forms.ts';
import { messagePage } from './plain-views.ts';
import { waitText } from './time-text.ts';

const GONE = {
  setup: messagePage({
    title: 'This link does not work any more',
    message: 'It was used or has expired. If the broker still has no administrator, restart it: it prints a new link.',
  }),
  password: messagePage({
    title: 'This link does not work any more',
    message: 'It was used or has expired. Ask your platform team for a new one.',
  }),
} as const;

const WRONG_PASSWORD = {
  kind: 'refused',
  message: 'User name or password is wrong, or the account is disabled: ask your platform team.',
} as const;

const problemOf = (outcome: SetPasswordOutcome) => (outcome.kind === 'invalid' ? outcome : undefined);

export function registerSignInRoutes(app: FastifyInstance, context: PageContext): void {
  const { web, idp, signIn } = context.identity;
  /** The ways to sign in that the sign-in page offers. */
  const waysTo = async (goal: LoginGoal, request: FastifyRequest, reply: FastifyReply) => ({
    passkey: signIn.passkeyOptions(context.browserSecret(request, reply)),
    idp: idp && { label: idp.label, href: `/login/idp?${new URLSearchParams(goal).toString()}` },
    localAccounts: web.localAccounts,
    askForWorkspace: await web.hasWorkspaces(),
  });

  /** The sign-in page once more, with why nobody is signed in. */
  const askAgain = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { goal, name, why }: { goal: LoginGoal; name: string; why: Throttled | { kind: 'refused'; message: string } },
  ) => {
    const throttled = why.kind === 'throttled';
    if (throttled) reply.header('retry-after', String(Math.ceil(why.retryAfterMs / 1000)));
    const problem = throttled ? `Too many tries. Wait ${waitText(why.retryAfterMs)} and try again.` : why.message;
    const view = { csrf: context.csrf(reply), name, goal, ways: await waysTo(goal, request, reply), problem };
    return context.send(reply, loginPage(view), { status: throttled ? 429 : 401 });
  };

  app.get('/setup', async (request, reply) => {
    const { token } = TokenQuerySchema.parse(request.query);
    if ((await web.peekLink('setup', token)) === undefined) return context.send(reply, GONE.setup, { status: 410 });
    return context.send(reply, setupPage({ csrf: context.csrf(reply), token, name: '' }));
  });
  app.post('/setup', async (request, reply) => {
    const { token, ...form } = SetupFormSchema.parse(request.body);
    const outcome = await web.setup(token, form, context.visitor(request));
    if (outcome.kind === 'ok') {
      context.startSession(reply, outcome);
      return context.goOn(reply, outcome, '/');
    }
    if (outcome.kind === 'gone') return context.send(reply, GONE.setup, { status: 410 });
    const page = setupPage({ csrf: context.csrf(reply), token, name: form.name, problem: problemOf(outcome) });
    return context.send(reply, page, { status: 422 });
  });

  app.get('/link', async (request, reply) => {
    const { token } = TokenQuerySchema.parse(request.query);
    const link = await web.peekLink('password', token);
    if (link?.user === undefined) return context.send(reply, GONE.password, { status: 410 });
    const { name, workspaceId: workspace } = link.user;
    return context.send(reply, passwordPage({ csrf: context.csrf(reply), token, name, workspace }));
  });
  app.post('/link', async (request, reply) => {
    const { token, password, repeat } = SetupFormSchema.parse(request.body);
    const link = await web.peekLink('password', token);
    const outcome = await web.setPassword(token, { password, repeat }, context.visitor(request));
    if (outcome.kind === 'ok') {
      context.startSession(reply, outcome);
      return context.goOn(reply, outcome, '/');
    }
    if (outcome.kind === 'gone') return context.send(reply, GONE.password, { status: 410 });
    const page = passwordPage({
      csrf: context.csrf(reply),
      token,
      name: link?.user?.name ?? '',
      workspace: link?.user?.workspaceId ?? DEFAULT_WORKSPACE,
      problem: problemOf(outcome),
    });
    return context.send(reply, page, { status: 422 });
  });

  app.get('/login', async (request, reply) => {
    const goal = LoginQuerySchema.parse(request.query);
    if (await context.person(request)) return reply.redirect(pathAfter(goal), 303);
    return context.send(
      reply,
      loginPage({ csrf: context.csrf(reply), name: '', goal, ways: await waysTo(goal, request, reply) }),
    );
  });
  app.post('/login', async (request, reply) => {
    const { name, password, ...goal } = LoginFormSchema.parse(request.body);
    const outcome = await web.login(name, password, context.visitor(request), goal.workspace);
    if (outcome.kind === 'ok') {
      context.startSession(reply, outcome);
      return context.goOn(reply, outcome, pathAfter(goal));
    }
    const why = outcome.kind === 'throttled' ? outcome : WRONG_PASSWORD;
    return await askAgain(request, reply, { goal, name, why });
  });

  app.post('/login/passkey', async (request, reply) => {
    const { passkey, ...goal } = PasskeyLoginFormSchema.parse(request.body);
    const browser = context.browserSecret(request, reply);
    const outcome = await signIn.withPasskey(passkey, browser, context.visitor(request));
    if (outcome.kind === 'ok') {
      context.startSession(reply, outcome);
      return context.goOn(reply, outcome, pathAfter(goal));
    }
    return await askAgain(request, reply, { goal, name: '', why: outcome });
  });

  app.get('/logout', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return reply.redirect('/', 303);
    const there = idp?.endsSessions ? { label: idp.label, endsDevices: idp.endsDevices } : undefined;
    return context.send(reply, logoutPage({ csrf: context.csrf(reply), name: person.name, there }), { person });
  });
  app.post('/logout', async (request, reply) => {
    const goOnTo = await context.endSession(request, reply);
    if (idp === undefined || goOnTo === undefined) return reply.redirect('/', 303);
    return context.send(reply, signOutThereTooPage({ label: idp.label, href: goOnTo }));
  });
}
