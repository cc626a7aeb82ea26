// /accounts and what is below it, and /oauth/upstream/: a person's own accounts at servers, and the one that everybody uses.
import { may } from 'mcpgate-shared/api/roles';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Accounts } from '../../accounts/accounts.ts';
import { CALLBACK_PATH } from '../../accounts/oauth/client-identity.ts';
import type { KeysEntry } from '../../accounts/enter-keys.ts';
import { type OwnAccount, type OwnAccounts, sharedAccount } from '../../accounts/own-accounts.ts';
import type { AccountOwner } from '../../domain/people/account.ts';
import type { Person } from '../../domain/people/people.ts';
import { mustBeLogged } from '../../domain/public-message.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import { serverCalled, type ServerRecord } from '../../domain/server-record.ts';
import { HTTP_STATUS } from '../error-status.ts';
import { accountPage, accountsPage, goThereToConnectPage } from './accounts-views.ts';
import type { PageContext } from './page-context.ts';
import { KeysFormSchema } from './page-forms.ts';
import { messagePage } from './plain-views.ts';

export interface AccountsOfPages {
  accounts: Accounts;
  own: OwnAccounts;
  keysEntry: KeysEntry;
  /** The enabled servers of a workspace. */
  servers: (workspaceId: string) => readonly ServerRecord[];
}

type ServerRequest = FastifyRequest<{ Params: { server: string } }>;

/** An account that somebody at a browser may see to. */
interface Seen {
  own: OwnAccount;
  owner: AccountOwner;
  path: string;
  isShared: boolean;
}

export function registerAccountsRoutes(app: FastifyInstance, context: PageContext, parts: AccountsOfPages): void {
  const { accounts, own, keysEntry, servers } = parts;
  const cookie = context.accountsCookie;

  const actorOf = (request: FastifyRequest, person: Person): Actor => ({
    name: person.name,
    address: context.visitor(request).address,
  });

  /** Everybody's is an administrator's to see to. */
  async function sharedOf(person: Person, name: string): Promise<OwnAccount> {
    const server = serverCalled(servers(person.workspaceId), name);
    if (!may(person.role, 'others_things') || server?.credential !== 'shared' || server.account?.kind !== 'oauth')
      throw new GateError('not_found', `There is no account at ${name} that you could connect for everybody.`);
    return sharedAccount(accounts, server);
  }

  async function seen(request: ServerRequest, person: Person, isShared: boolean): Promise<Seen> {
    const { server: name } = request.params;
    const path = `/accounts/${encodeURIComponent(name)}${isShared ? '/shared' : ''}`;
    if (isShared) return { own: await sharedOf(person, name), owner: 'shared', path, isShared };
    return { own: await own.find(person, name), owner: `user:${person.id}`, path, isShared };
  }

  const sendAccount = (
    reply: FastifyReply,
    person: Person,
    { own: account, path, isShared }: Seen,
    problem?: GateError,
  ) =>
    context.send(
      reply,
      accountPage({
        csrf: context.csrf(reply),
        own: account,
        path,
        isShared,
        problem: problem && asSentence(problem.message),
      }),
      { person, ...(problem === undefined ? {} : { status: HTTP_STATUS[problem.code] }) },
    );

  /** What is only for somebody who is signed in. */
  const forPerson =
    (isShared: boolean, handle: (reply: FastifyReply, person: Person, of: Seen, request: ServerRequest) => unknown) =>
    async (request: ServerRequest, reply: FastifyReply): Promise<unknown> => {
      const person = await context.person(request);
      const to = `accounts/${request.params.server}${isShared ? '/shared' : ''}`;
      if (person === undefined) return reply.redirect(`/login?${new URLSearchParams({ to }).toString()}`, 303);
      return handle(reply, person, await seen(request, person, isShared), request);
    };

  app.get('/accounts', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return reply.redirect('/login?to=accounts', 303);
    const page = accountsPage({ accounts: await own.list(person), now: context.clock.now() });
    return context.send(reply, page, { person });
  });

  for (const isShared of [false, true]) {
    const path = isShared ? '/accounts/:server/shared' : '/accounts/:server';
    app.get<{ Params: { server: string } }>(
      path,
      forPerson(isShared, (reply, person, of) => sendAccount(reply, person, of)),
    );
    app.post<{ Params: { server: string } }>(
      `${path}/connect`,
      forPerson(isShared, async (reply, person, of, request) => {
        try {
          const { server } = of.own;
          const begun = await accounts.begin(server, of.owner, request.cookies[cookie.name]);
          reply.setCookie(cookie.name, begun.browserSecret, cookie.options);
          const isBySignIn = server.account?.kind === 'oauth' && server.account.via === 'idp';
          const page = goThereToConnectPage({ server: server.name, href: begun.url, isBySignIn });
          return await context.send(reply, page, { person });
        } catch (error) {
          if (!(error instanceof GateError) || mustBeLogged(error)) throw error;
          request.log.warn({ err: error, server: of.own.server.name }, 'a login at a server could not be begun');
          return await sendAccount(reply, person, of, error);
        }
      }),
    );
    app.post<{ Params: { server: string } }>(
      `${path}/disconnect`,
      forPerson(isShared, async (reply, person, of, request) => {
        const ended = await accounts.disconnect(of.own.server, of.owner, actorOf(request, person));
        const { name } = of.own.server;
        const why = ended?.why ?? null;
        const there = why === null ? `${name} was told to end it too.` : `It may go on elsewhere: ${why}.`;
        const message = `What was kept of it here is gone. ${there}`;
        const link = isShared ? { href: '/', text: 'To the start page' } : TO_ACCOUNTS;
        return context.send(reply, messagePage({ title: `${name} is disconnected`, message, link }), { person });
      }),
    );
  }

  app.post<{ Params: { server: string } }>(
    '/accounts/:server/keys',
    forPerson(false, async (reply, person, of, request) => {
      const { _csrf: _token, _target: target = '', ...values } = KeysFormSchema.parse(request.body);
      try {
        await keysEntry.enter(of.own.server, of.owner, { values, target }, actorOf(request, person));
      } catch (error) {
        if (!(error instanceof GateError) || mustBeLogged(error)) throw error;
        return sendAccount(reply, person, of, error);
      }
      return context.send(reply, connectedPage(of.own.server.name, of.isShared), { person });
    }),
  );

  app.get(`${CALLBACK_PATH}/:of`, async (request, reply) => {
    const person = await context.person(request);
    const back = new URL(request.url, context.publicUrl);
    const ownersFor = (server: ServerRecord): AccountOwner[] => {
      if (person === undefined || server.workspaceId !== person.workspaceId) return [];
      return [`user:${person.id}`, ...(may(person.role, 'others_things') ? (['shared'] as const) : [])];
    };
    const actor: Actor = { name: person?.name ?? 'anonymous', address: context.visitor(request).address };
    const finished = await accounts.finish(back, request.cookies[cookie.name], ownersFor, actor);
    if (finished.kind === 'connected') {
      const { server, owner } = finished;
      return context.send(reply, connectedPage(server.name, owner === 'shared'), { person });
    }
    const page = messagePage({ title: 'It is not connected', message: finished.message, link: TO_ACCOUNTS });
    return context.send(reply, page, { person, status: 400 });
  });

  // What the broker says of itself to authorization servers that ask for it by its address.
  app.get<{ Params: { of: string } }>(`${accounts.client.path}/:of`, (request, reply) => {
    const document = accounts.client.document(request.params.of);
    if (document === undefined) throw new GateError('not_found', 'There is no description of this broker here.');
    return reply.type('application/json').send(document);
  });
}

/** An error begins as what follows the name of a program; on a page nothing stands before it. */
const asSentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const TO_ACCOUNTS = { href: '/accounts', text: 'To your accounts' };

const connectedPage = (name: string, isShared: boolean) =>
  messagePage({
    title: `${name} is connected`,
    message: isShared
      ? 'Everybody who may use it can go on now.'
      : 'You can close this page: your AI client goes on by itself.',
    link: isShared ? { href: '/', text: 'To the start page' } : TO_ACCOUNTS,
  });
