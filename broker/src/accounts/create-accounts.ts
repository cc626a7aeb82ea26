// Accounts over the store and the vault. Every change is an event of the audit log, with names and never with what is in an account.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import type { BaseLogger } from 'pino';
import type { Audit } from '../audit/audit.ts';
import { type AccountLack, type AccountOwner, type AccountRecord, userIdOf } from '../domain/people/account.ts';
import { mustBeLogged, publicMessage } from '../domain/public-message.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { targetDigestOf, targetOf } from '../domain/transports/transports.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { createSecret } from '../store/secret-token.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { AccountChange, Accounts, AccountView, Ended, EndedAccounts, Finished } from './accounts.ts';
import type { CompanyAssertions } from './company-assertions.ts';
import { checkKeys, KeysRefused, keysOf } from './keys.ts';
import { CLIENT_DOCUMENT_PATH, createClientIdentities } from './oauth/client-identity.ts';
import { createDeclined } from './oauth/declined.ts';
import { comesOfSignIn, createEnterpriseTokens } from './oauth/enterprise.ts';
import { createKeptTokens } from './oauth/kept-tokens.ts';
import { createLogins } from './oauth/login.ts';
import { createMachineTokens, isOfMachine } from './oauth/machine-tokens.ts';
import { createRefresher } from './oauth/refresher.ts';
import { revokeTokens } from './oauth/revoke.ts';
import { openAccount, sealAccount, type TokensContent } from './sealed-account.ts';
import { changeNotes } from '../domain/change-notes.ts';

export interface AccountsOptions {
  store: Pick<Store, 'accounts' | 'oauthRegistrations' | 'oauth' | 'servers' | 'users'>;
  vault: Pick<Vault, 'seal' | 'open' | 'resolve' | 'onChange'>;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  log: Pick<BaseLogger, 'warn'>;
  /** For what servers name: their authorization servers. */
  guardedFetch: GuardedFetch;
  /** What the company's IdP says of people to servers; left out: nothing. */
  company?: CompanyAssertions | undefined;
  /** Where people reach this broker: an origin. */
  publicUrl: string;
  /** From 0 to 1. */
  random?: () => number;
}

/** Nobody who ends an account waits longer for its provider. */
const REVOKE_WAIT_MS = 5_000;
/** Accounts that are ended at a time. */
const AT_A_TIME = 20;
const BROKER: Actor = { name: 'broker', address: null };

export function createAccounts(options: AccountsOptions): Accounts {
  const { store, vault, audit, clock, log, guardedFetch, publicUrl } = options;
  const listeners = new Set<(change: AccountChange) => void>();
  /** What was given to connections last, by server and owner, as long as it is good. */
  const handedOut = new Map<string, Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner' | 'version'>>();
  const clients = createClientIdentities({ store, vault, publicUrl, now: () => clock.now() });
  const declined = createDeclined(store);
  const logins = createLogins({ store, vault, clock, guardedFetch, clients });
  const tokens = createKeptTokens({
    store,
    vault,
    clock,
    enterprise: createEnterpriseTokens({
      store,
      vault,
      clock,
      guardedFetch,
      clients,
      declined,
      company: options.company,
    }),
    refresher: createRefresher({ store, vault, clock, log, guardedFetch, clients }),
    random: options.random ?? Math.random,
    async onExpired(server, { workspaceId, serverId, owner }) {
      tell({ workspaceId, serverId, owner, state: 'expired' });
      await record('account.expired', server, owner, BROKER);
    },
    onError: (error) => log.warn({ err: error }, 'the tokens of an account could not be refreshed ahead of their end'),
  });

  const machine = createMachineTokens({ vault, clock, log, guardedFetch, random: options.random ?? Math.random });
  vault.onChange(machine.secretChanged);

  function tell(change: AccountChange): void {
    tokens.forget(change.serverId, change.owner);
    if (change.state !== 'ready') handedOut.delete(handedKey(change.serverId, change.owner));
    for (const listener of [...listeners]) listener(change);
  }

  async function keysAt(
    server: ServerRecord,
    owner: AccountOwner,
  ): Promise<{ values: ReadonlyMap<string, string>; record: AccountRecord } | AccountLack> {
    const found = await store.accounts.find(server.id, owner);
    if (found === undefined || found.kind !== 'keys') return 'missing';
    const content = await openAccount(vault, found);
    if (content.kind !== 'keys' || content.target !== targetOf(server.transport)) return 'missing';
    if (found.state === 'expired') return 'expired';
    const values = new Map(Object.entries(content.values));
    return keysOf(server).every(({ name }) => values.has(name)) ? { values, record: found } : 'missing';
  }

  /** As people are named in the log. */
  async function nameOf(owner: AccountOwner): Promise<string> {
    const id = userIdOf(owner);
    return id === undefined ? owner : `user:${(await store.users.byId(id))?.name ?? id}`;
  }

  async function record(
    type: string,
    server: ServerRecord,
    owner: AccountOwner,
    actor: Actor,
    more: Record<string, string | boolean | readonly string[]> = {},
  ): Promise<void> {
    await audit.event({
      workspace_id: server.workspaceId,
      type,
      actor: actor.name,
      subject: `server:${server.name}`,
      address: actor.address,
      data: { owner: await nameOf(owner), kind: server.account?.kind ?? 'none', ...more },
    });
  }

  /** False where it was ended already. */
  async function forget({ workspaceId, serverId, owner }: AccountRecord): Promise<boolean> {
    if (!(await store.accounts.remove({ workspaceId, serverId, owner }))) return false;
    tell({ workspaceId, serverId, owner, state: 'gone' });
    return true;
  }

  /** At its provider, when it has been forgotten here. */
  async function end(account: AccountRecord, server: ServerRecord | undefined): Promise<Ended> {
    const why = await endThere(account, server);
    return {
      server: server?.name ?? account.serverId,
      owner: account.owner,
      revoked: why === undefined,
      why: why ?? null,
    };
  }

  /** Why it is still good at its provider; undefined: it is not. */
  async function endThere(account: AccountRecord, server: ServerRecord | undefined): Promise<string | undefined> {
    if (server === undefined) return 'its server is not there any more: end the access there';
    const content = await openAccount(vault, account).catch((error: unknown) => toGateError(error));
    if (content instanceof GateError) return `${publicMessage(content)}: end the access there`;
    if (content.kind === 'keys')
      return `its keys are forgotten here, and good at ${server.name} until they are ended there`;
    return revokeInTime(server, content);
  }

  /** Why the tokens are still good at their provider; undefined: they are not. */
  async function revokeInTime(server: ServerRecord, content: TokensContent): Promise<string | undefined> {
    let cancel: () => void = () => undefined;
    const late = new Promise<string>((resolve) => {
      const text = `${new URL(content.server.issuer).host} did not answer in time: see there that the access has ended`;
      cancel = clock.after(REVOKE_WAIT_MS, () => resolve(text));
    });
    const why = await Promise.race([revokeTokens({ guardedFetch, clients }, server, content), late]);
    cancel();
    return why;
  }

  async function endAll(accounts: readonly AccountRecord[], servers: readonly ServerRecord[]): Promise<EndedAccounts> {
    const forgotten: AccountRecord[] = [];
    for (const account of accounts) if (await forget(account)) forgotten.push(account);
    return { there: endThereAll(forgotten, servers) };
  }

  async function endThereAll(accounts: readonly AccountRecord[], servers: readonly ServerRecord[]): Promise<Ended[]> {
    const ended: Ended[] = [];
    for (let from = 0; from < accounts.length; from += AT_A_TIME) {
      const some = accounts.slice(from, from + AT_A_TIME).map((account) => {
        const server = servers.find(({ id }) => id === account.serverId);
        return end(account, server);
      });
      ended.push(...(await Promise.all(some)));
    }
    return ended;
  }

  async function finish(
    back: URL,
    browserSecret: string | undefined,
    owners: (server: ServerRecord) => readonly AccountOwner[],
    actor: Actor,
  ): Promise<Finished> {
    const taken = await logins.take(back, browserSecret);
    if (taken === undefined) return refused('It took too long, was finished already, or was begun in another browser.');
    const { workspaceId, serverId, owner, target } = taken;
    const server = (await store.servers.list(workspaceId)).find(({ id }) => id === serverId);
    if (server === undefined) return refused('The server is not there any more.');
    // Whoever moves the server while somebody logs in gets neither their code nor what comes of it.
    if (target !== targetOf(server.transport)) return refused(MOVED);
    if (!owners(server).includes(owner)) return refused('It was begun by somebody else: connect your own account.');
    try {
      const { scopes, expiresAt, ...content } = await taken.redeem(server);
      const of = { workspaceId, serverId, owner };
      const tokens: TokensContent = { kind: 'oauth', target, rotates: null, ...content };
      const sealed = sealAccount(vault, of, tokens);
      if ((await store.accounts.put({ ...of, target, kind: 'oauth', sealed, scopes, expiresAt })) === undefined) {
        const why = await revokeInTime(server, tokens);
        throw new GateError('denied', why === undefined ? CLOSED : `${CLOSED}; ${why}`);
      }
      tell({ ...of, state: 'ready' });
      const account = { issuer: content.server.issuer, scopes };
      await record('account.connected', server, owner, actor, { ...account, ...changeNotes(undefined, account) });
      return { kind: 'connected', server, owner };
    } catch (error) {
      if (!(error instanceof GateError) || mustBeLogged(error)) throw error;
      await record('account.refused', server, owner, actor, { reason: publicMessage(error) });
      return refused(`Server ${server.name} is not connected: ${publicMessage(error)}.`);
    }
  }

  return {
    client: { path: CLIENT_DOCUMENT_PATH, document: clients.document },
    pageOf: ({ name }) => `${publicUrl}/accounts/${name}`,
    async lackOf(server, owner) {
      if (isOfMachine(server)) return undefined;
      if (comesOfSignIn(server)) {
        // Where the IdP says no or is away, the call that is made next says so in words.
        const answer = await Promise.resolve(tokens.token(server, owner)).catch(() => undefined);
        return answer?.kind === 'lacking' ? answer.lack : undefined;
      }
      const found = server.account?.kind === 'oauth' ? await tokens.read(server, owner) : await keysAt(server, owner);
      if (typeof found === 'string') return found;
      return found.record.wanted.length > 0 ? 'more_scopes' : undefined;
    },
    token: (server, owner) => (isOfMachine(server) ? machine.token(server) : tokens.token(server, owner)),
    refused: (server, owner, token, challenge) =>
      isOfMachine(server) ? machine.refused(server, token, challenge) : tokens.refused(server, owner, token, challenge),
    tryClient: (server, { name, value }) =>
      isOfMachine(server) && referencesIn(server.account.clientSecret).some((each) => each.name === name)
        ? machine.attempt(server, value)
        : undefined,
    async keys(server, owner) {
      const found = await keysAt(server, owner);
      if (typeof found === 'string') return { kind: 'lacking', lack: found };
      handedOut.set(handedKey(server.id, owner), found.record);
      return { kind: 'keys', values: found.values, version: found.record.version };
    },
    async keysRefused(server, owner, values) {
      const found = await keysAt(server, owner);
      if (found === 'expired') return true;
      if (found === 'missing' || found === 'more_scopes' || !isDeepStrictEqual(found.values, values)) return false;
      if (!(await store.accounts.expire(found.record))) return false;
      tell({ workspaceId: server.workspaceId, serverId: server.id, owner, state: 'expired' });
      await record('account.expired', server, owner, BROKER);
      return true;
    },
    ofOwner: async (workspaceId, owner) => (await store.accounts.ofOwner(workspaceId, owner)).map(toView),
    ofServer: async (serverId) => (await store.accounts.ofServer(serverId)).map(toView),
    async begin(server, owner, browserSecret) {
      if (isOfMachine(server))
        throw new GateError(
          'usage',
          `server ${server.name} is used with a client's own tokens: there is nothing to connect`,
        );
      // Whoever signs in at the IdP anew has it.
      if (comesOfSignIn(server)) {
        await declined.remove(server.id, owner);
        const query = new URLSearchParams({ to: `accounts/${server.name}` }).toString();
        return { url: `${publicUrl}/login/idp?${query}`, browserSecret: browserSecret ?? createSecret() };
      }
      const known = await tokens.read(server, owner);
      // More is asked for besides what was given, not in its place.
      const more = typeof known === 'string' || known.record.wanted.length === 0 ? [] : allOf(known.record);
      return logins.begin(server, owner, { browserSecret, more });
    },
    finish,
    async setKeys(server, owner, given, actor, attempt) {
      if (given.target !== targetDigestOf(server.transport)) throw new GateError('conflict', MOVED);
      const values = checkKeys(server, given.values);
      const of = { workspaceId: server.workspaceId, serverId: server.id, owner };
      const target = targetOf(server.transport);
      try {
        await attempt?.(new Map(Object.entries(values)));
      } catch (error) {
        if (error instanceof KeysRefused)
          await record('account.refused', server, owner, actor, { reason: publicMessage(error) });
        throw error;
      }
      const sealed = sealAccount(vault, of, { kind: 'keys', target, values });
      const kept = await store.accounts.put({ ...of, target, kind: 'keys', sealed, scopes: [], expiresAt: null });
      if (kept === undefined) throw new GateError('conflict', CLOSED);
      tell({ ...of, state: 'ready' });
      await record('account.connected', server, owner, actor, { ...changeNotes(undefined, { account: 'keys' }) });
    },
    async disconnect(server, owner, actor) {
      if (comesOfSignIn(server)) await declined.add(server.id, owner);
      const account = await store.accounts.find(server.id, owner);
      if (account === undefined || !(await forget(account))) return undefined;
      const ended = await end(account, server);
      await record('account.disconnected', server, owner, actor, {
        ...{ revoked: ended.revoked, ...changeNotes({ account: server.account?.kind ?? 'none' }, undefined) },
      });
      return ended;
    },
    async endOfPerson(workspaceId, userId) {
      await options.company?.forget(userId);
      const accounts = await store.accounts.ofOwner(workspaceId, `user:${userId}`);
      return endAll(accounts, accounts.length === 0 ? [] : await store.servers.list(workspaceId));
    },
    serversChanged: () => machine.settle((workspaceId) => store.servers.list(workspaceId)),
    endOfServer: async (server) => endAll(await store.accounts.ofServer(server.id), [server]),
    endOfRemoved(server, accounts) {
      for (const { workspaceId, serverId, owner } of accounts) tell({ workspaceId, serverId, owner, state: 'gone' });
      return { there: endThereAll(accounts, [server]) };
    },
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
        tokens.forgetAll();
        for (const { workspaceId, serverId, owner, version } of [...handedOut.values()]) {
          const now = await store.accounts.find(serverId, owner);
          if (now?.version === version && now.state === 'ready') continue;
          handedOut.delete(handedKey(serverId, owner));
          tell({ workspaceId, serverId, owner, state: now?.state ?? 'gone' });
        }
      },
    },
  };
}

const handedKey = (serverId: string, owner: AccountOwner): string => `${serverId} ${owner}`;

const MOVED =
  'The server was moved elsewhere meanwhile, so nothing was sent or kept: look where it is now, and connect it again.';

const CLOSED =
  'nothing was kept, as the server was moved, disabled or removed meanwhile, or the access of its person has ended';

const refused = (message: string): Finished => ({ kind: 'refused', message });

const allOf = ({ scopes, wanted }: AccountRecord): string[] => [...new Set([...scopes, ...wanted])];

function toView({ serverId, owner, kind, state, scopes, wanted, createdAt, updatedAt }: AccountRecord): AccountView {
  return { serverId, owner, kind, state, scopes, wanted, createdAt, updatedAt };
}
