// Accounts at servers: one's own, and the one that everybody uses.
import { accountsApi, type Account } from 'mcpgate-shared/api/accounts/accounts';
import { GateError } from 'mcpgate-shared/error';
import type { Ended } from '../../accounts/accounts.ts';
import { accountBody, type AccountPerson, type OwnAccount, sharedAccount } from '../../accounts/own-accounts.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { listOperation } from '../lists/list-operation.ts';
import { operation, type Caller, type Operation } from '../operation.ts';

export function accountOperations({
  store,
  accounts,
  ownAccounts,
  keysEntry,
}: Pick<AdminDependencies, 'store' | 'accounts' | 'ownAccounts' | 'keysEntry'>): Operation[] {
  const toAccount = (own: OwnAccount): Account => accountBody(own, accounts.pageOf(own.server));

  const sharedServer = async (workspaceId: string, name: string): Promise<ServerRecord> => {
    const server = await store.servers.byName(workspaceId, name);
    if (server === undefined)
      throw new GateError(
        'not_found',
        `no server named ${name}; \`server list${inWorkspace(workspaceId)}\` shows the names`,
      );
    const isByLogin = server.account?.kind === 'oauth' && server.account.grant === undefined;
    if (server.credential === 'shared' && isByLogin) return server;
    if (server.account?.kind === 'oauth' && server.account.grant !== undefined)
      throw new GateError('usage', `server ${name} is used with a client's own tokens: nobody connects it`);
    const why =
      server.credential === 'personal'
        ? `each person connects their own: ${accounts.pageOf(server)}`
        : `it is used without one; \`server set ${name} --oauth\` changes that`;
    throw new GateError('usage', `server ${name} has no account that everybody uses: ${why}`);
  };

  return [
    listOperation(accountsApi.list, async (_input, caller) =>
      (await ownAccounts.list(personOf(caller))).map(toAccount),
    ),
    operation(accountsApi.begin, async ({ params }, caller) =>
      toAccount(await ownAccounts.find(personOf(caller), params.name)),
    ),
    operation(accountsApi.setKeys, async ({ params, body }, caller) => {
      const person = personOf(caller);
      const { server } = await ownAccounts.find(person, params.name);
      await keysEntry.enter(server, `user:${person.id}`, body, caller.actor);
      return toAccount(await ownAccounts.find(person, params.name));
    }),
    operation(accountsApi.disconnect, async ({ params }, caller) => {
      const person = personOf(caller);
      const { server } = await ownAccounts.find(person, params.name);
      return toEnded(server, await accounts.disconnect(server, `user:${person.id}`, caller.actor));
    }),
    operation(accountsApi.connectShared, async ({ params }, { workspaceId }) => {
      const server = await sharedServer(workspaceId, params.name);
      return accountBody(await sharedAccount(accounts, server), `${accounts.pageOf(server)}/shared`);
    }),
    operation(accountsApi.disconnectShared, async ({ params }, { workspaceId, actor }) => {
      const server = await sharedServer(workspaceId, params.name);
      return toEnded(server, await accounts.disconnect(server, 'shared', actor));
    }),
  ];
}

function personOf({ principal, workspaceId }: Caller): AccountPerson {
  if (principal?.user === undefined)
    throw new GateError(
      'usage',
      'only a person has accounts of their own; `server connect NAME` is for the one of everybody',
    );
  return { workspaceId, ...principal.user };
}

function toEnded({ name }: ServerRecord, ended: Ended | undefined) {
  if (ended === undefined) throw new GateError('not_found', `there is no account at server ${name}`);
  const { server, revoked, why } = ended;
  return { server, revoked, why };
}
