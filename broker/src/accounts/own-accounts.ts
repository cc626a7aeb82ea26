// Lists the accounts of one person at servers with personal credentials. Servers that the rules keep from the person are left out, unless they
// have an account there already.
import type { Account } from 'mcpgate-shared/api/accounts/accounts';
import { GateError } from 'mcpgate-shared/error';
import type { AccountLack } from '../domain/people/account.ts';
import type { Principal } from '../domain/people/principal.ts';
import { serverCalled, type ServerRecord } from '../domain/server-record.ts';
import { targetDigestOf } from '../domain/transports/transports.ts';
import type { Accounts, AccountView } from './accounts.ts';
import { comesOfSignIn } from './oauth/enterprise.ts';

/** Whose accounts. */
export type AccountPerson = Pick<Principal, 'workspaceId'> & NonNullable<Principal['user']>;

export interface OwnAccount {
  server: ServerRecord;
  state: 'connected' | AccountLack;
  /** What there is, also where it is no good any more. */
  account: AccountView | undefined;
}

export interface OwnAccounts {
  /** By the name of the server. Of servers without an account only those whose tools the rules do not keep from the person. */
  list(person: AccountPerson): Promise<OwnAccount[]>;
  /** Throws `not_found` where the person has none there, and could have none. */
  find(person: AccountPerson, server: string): Promise<OwnAccount>;
}

export function createOwnAccounts(parts: {
  accounts: Pick<Accounts, 'ofOwner' | 'lackOf'>;
  /** The enabled servers of a workspace, by name. */
  servers: (workspaceId: string) => readonly ServerRecord[];
  /** Whether the rules could allow anything of the server, its resources too. */
  mayUse: (principal: Principal, server: string) => Promise<boolean>;
  /** Whether the person is to be offered to connect an account there. */
  mayConnect: (principal: Principal, server: string) => Promise<boolean>;
}): OwnAccounts {
  const { accounts, servers } = parts;

  async function listed(person: AccountPerson, mayUse: typeof parts.mayUse): Promise<OwnAccount[]> {
    const { workspaceId, ...user } = person;
    const owner = `user:${user.id}` as const;
    const principal: Principal = { workspaceId, user, credential: { kind: 'oauth', id: 'browser', label: 'browser' } };
    const known = new Map((await accounts.ofOwner(workspaceId, owner)).map((account) => [account.serverId, account]));
    const found: OwnAccount[] = [];
    for (const server of servers(workspaceId)) {
      if (server.credential !== 'personal' || server.account === null) continue;
      const account = known.get(server.id);
      if (account === undefined && !(await mayUse(principal, server.name))) continue;
      // One that comes of the sign-in is there as soon as somebody looks.
      const isMissing = account === undefined && !comesOfSignIn(server);
      const lack = isMissing ? 'missing' : await accounts.lackOf(server, owner);
      found.push({ server, state: lack ?? 'connected', account });
    }
    return found;
  }

  return {
    list: (person) => listed(person, parts.mayConnect),
    async find(person, name) {
      const all = await listed(person, parts.mayUse);
      const called = serverCalled(
        all.map(({ server }) => server),
        name,
      );
      const own = all.find(({ server }) => server === called);
      if (own !== undefined) return own;
      throw new GateError('not_found', `there is no server ${name} that you use with an account of your own`);
    },
  };
}

/** The account of everybody at a server whose credential is shared. */
export async function sharedAccount(
  accounts: Pick<Accounts, 'ofServer' | 'lackOf'>,
  server: ServerRecord,
): Promise<OwnAccount> {
  const account = (await accounts.ofServer(server.id)).find(({ owner }) => owner === 'shared');
  return { server, account, state: (await accounts.lackOf(server, 'shared')) ?? 'connected' };
}

/** In the form of the API. `url`: of the page on which it is connected. */
export function accountBody({ server, state, account }: OwnAccount, url: string): Account {
  const form = server.account;
  return {
    server: server.name,
    kind: form?.kind ?? 'oauth',
    state,
    scopes: [...(account?.scopes ?? [])],
    connected_at: account === undefined ? null : new Date(account.updatedAt).toISOString(),
    url,
    target: targetDigestOf(server.transport),
    form: form?.kind === 'keys' ? { kind: 'keys', fields: form.fields.map((field) => ({ ...field })) } : null,
  };
}
