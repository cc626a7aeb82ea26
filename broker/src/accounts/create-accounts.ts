// Accounts over the store and the vault. Every change is an event of the audit log, with names and never with what is in an account.
import type { AccountLack, AccountOwner, AccountRecord } from '../domain/account.ts';
import { userIdOf } from '../domain/account.ts';
import type { Actor } from '../domain/receipt.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Audit } from '../audit/audit.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { AccountChange, Accounts, AccountView, Ended } from './accounts.ts';
import { checkKeys, keysOf } from './keys.ts';
import { targetOf } from '../domain/transports/transports.ts';
import { type AccountContent, openAccount, sealAccount } from './sealed-account.ts';

export interface AccountsOptions {
  store: Pick<Store, 'accounts' | 'servers' | 'users'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  audit: Pick<Audit, 'event'>;
  /** Where people reach this broker: an origin. */
  publicUrl: string;
}

export function createAccounts({ store, vault, audit, publicUrl }: AccountsOptions): Accounts {
  const listeners = new Set<(change: AccountChange) => void>();
  /** What was given to connections last, by server and owner. */
  const handedOut = new Map<string, Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner' | 'version'>>();
  const tell = (change: AccountChange): void => {
    for (const listener of [...listeners]) listener(change);
  };

  /** What there is for the server as it is now, or what is missing. */
  async function find(
    server: ServerRecord,
    owner: AccountOwner,
  ): Promise<{ record: AccountRecord; content: AccountContent } | AccountLack> {
    const record = await store.accounts.find(server.id, owner);
    if (record === undefined || record.kind !== server.account?.kind) return 'missing';
    if (record.state === 'expired') return 'expired';
    const content = await openAccount(vault, record);
    return content.target === targetOf(server.transport) ? { record, content } : 'missing';
  }

  /** As people are named in the log. */
  async function nameOf(owner: AccountOwner): Promise<string> {
    const id = userIdOf(owner);
    return id === undefined ? owner : `user:${(await store.users.byId(id))?.name ?? id}`;
  }

  async function record(type: string, server: ServerRecord, owner: AccountOwner, actor: Actor): Promise<void> {
    await audit.event({
      workspace_id: server.workspaceId,
      type,
      actor: actor.name,
      subject: `server:${server.name}`,
      address: actor.address,
      data: { owner: await nameOf(owner), kind: server.account?.kind ?? 'none' },
    });
  }

  async function end(account: AccountRecord, server: ServerRecord | undefined): Promise<Ended | undefined> {
    if (!(await store.accounts.remove(account))) return undefined;
    const { workspaceId, serverId, owner } = account;
    tell({ workspaceId, serverId, owner, state: 'gone' });
    const name = server?.name ?? serverId;
    const why = `its keys are forgotten here, and good at ${name} until they are ended there`;
    return { server: name, owner, revoked: false, why };
  }

  async function endAll(accounts: readonly AccountRecord[], servers: readonly ServerRecord[]): Promise<Ended[]> {
    const ended = await Promise.all(
      accounts.map((account) =>
        end(
          account,
          servers.find(({ id }) => id === account.serverId),
        ),
      ),
    );
    return ended.filter((each) => each !== undefined);
  }

  return {
    pageOf: ({ name }) => `${publicUrl}/accounts/${name}`,
    async lackOf(server, owner) {
      const found = await find(server, owner);
      if (typeof found === 'string') return found;
      const { content } = found;
      return keysOf(server).every(({ name }) => Object.hasOwn(content.values, name)) ? undefined : 'missing';
    },
    async keys(server, owner) {
      const found = await find(server, owner);
      if (typeof found === 'string') return { kind: 'lacking', lack: found };
      const values = new Map(Object.entries(found.content.values));
      if (!keysOf(server).every(({ name }) => values.has(name))) return { kind: 'lacking', lack: 'missing' };
      handedOut.set(`${server.id} ${owner}`, found.record);
      return { kind: 'keys', values, version: found.record.version };
    },
    ofOwner: async (workspaceId, owner) => (await store.accounts.ofOwner(workspaceId, owner)).map(toView),
    ofServer: async (serverId) => (await store.accounts.ofServer(serverId)).map(toView),
    async setKeys(server, owner, given, actor) {
      const values = checkKeys(server, given);
      const of = { workspaceId: server.workspaceId, serverId: server.id, owner };
      const sealed = sealAccount(vault, of, { kind: 'keys', target: targetOf(server.transport), values });
      await store.accounts.put({ ...of, kind: 'keys', sealed, scopes: [], expiresAt: null });
      await record('account.connected', server, owner, actor);
      tell({ ...of, state: 'ready' });
    },
    async disconnect(server, owner, actor) {
      const account = await store.accounts.find(server.id, owner);
      const ended = account && (await end(account, server));
      if (ended !== undefined) await record('account.disconnected', server, owner, actor);
      return ended;
    },
    async endOfPerson(workspaceId, userId) {
      const accounts = await store.accounts.ofOwner(workspaceId, `user:${userId}`);
      return accounts.length === 0 ? [] : endAll(accounts, await store.servers.list(workspaceId));
    },
    endOfServer: async (server) => endAll(await store.accounts.ofServer(server.id), [server]),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    elsewhere: {
      async changed({ workspaceId, serverId, owner }) {
        const now = await store.accounts.find(serverId, owner);
        tell({ workspaceId, serverId, owner, state: now?.state ?? 'gone' });
      },
      async recheck() {
        for (const [key, { workspaceId, serverId, owner, version }] of handedOut) {
          const now = await store.accounts.find(serverId, owner);
          if (now?.version === version && now.state === 'ready') continue;
          handedOut.delete(key);
          tell({ workspaceId, serverId, owner, state: now?.state ?? 'gone' });
        }
      },
    },
  };
}

function toView({ serverId, owner, kind, state, scopes, createdAt, updatedAt }: AccountRecord): AccountView {
  return { serverId, owner, kind, state, scopes, createdAt, updatedAt };
}
