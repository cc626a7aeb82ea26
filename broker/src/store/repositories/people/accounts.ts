// Stores accounts at servers; their content is sealed before it comes here. Each account has a lease, so that only one broker at a time
// refreshes its tokens.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import { type AccountOwner, type AccountRecord, userIdOf } from '../../../domain/people/account.ts';
import { StoredTransportSchema, targetOf } from '../../../domain/transports/transports.ts';
import type { Announce } from '../../bus/announce.ts';
import { readJson } from '../../json-text.ts';
import type { Database } from '../../schema.ts';

/** What people and the company have at servers. It goes with its server, and with its person. */
export interface AccountsRepository {
  find(serverId: string, owner: AccountOwner): Promise<AccountRecord | undefined>;
  ofOwner(workspaceId: string, owner: AccountOwner): Promise<AccountRecord[]>;
  ofServer(serverId: string): Promise<AccountRecord[]>;
  /**
   * A new one, or what takes the place of the one that is there; whatever refresh was under way is void. Undefined, and nothing is kept, where
   * its person is not enabled, or the server is not enabled and at `target`: whoever ends accounts closes the one or the other first, and
   * misses none. Atomic.
   */
  put(
    account: Omit<AccountRecord, 'state' | 'version' | 'wanted' | 'createdAt' | 'updatedAt'> & { target: string },
  ): Promise<AccountRecord | undefined>;
  /**
   * The right to refresh this version until then, for the one who gets true. It is written down that the refresh token is in use, which
   * outlives the lease: only `evenIfInUse` gets it again. Atomic.
   */
  lease(
    account: Pick<AccountRecord, 'serverId' | 'owner' | 'version'>,
    lease: { holder: string; until: number; evenIfInUse: boolean },
  ): Promise<boolean>;
  leaseOf(
    serverId: string,
    owner: AccountOwner,
  ): Promise<{ until: number | null; inUseSince: number | null } | undefined>;
  /** The lease is over. `wasUsed`: the refresh token may have been used up, so that it stays written down that it is in use. */
  release(account: Pick<AccountRecord, 'serverId' | 'owner'>, holder: string, how: { wasUsed: boolean }): Promise<void>;
  /** Scopes that the server asks for besides; they stand until the account is replaced. */
  want(account: Pick<AccountRecord, 'serverId' | 'owner'>, wanted: readonly string[]): Promise<void>;
  /** What a refresh has brought, as the next version, and the end of its lease; undefined where there is another version, or none. */
  refreshed(
    account: Pick<AccountRecord, 'serverId' | 'owner' | 'version'>,
    fresh: Pick<AccountRecord, 'sealed' | 'scopes' | 'expiresAt'>,
  ): Promise<AccountRecord | undefined>;
  /** False where there is another version, or it is so already. */
  expire(account: Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner' | 'version'>): Promise<boolean>;
  remove(account: Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner'>): Promise<boolean>;
}

const NO_LEASE = { lease_holder: null, lease_until: null, in_use_since: null };
const scopesSchema = z.array(z.string());

export function createAccounts(db: Kysely<Database>, clock: Clock, announce: Announce): AccountsRepository {
  const all = db.selectFrom('accounts').selectAll();
  const changed = (trx: Transaction<Database>, { workspaceId, serverId, owner }: Key): Promise<void> =>
    announce(trx, { kind: 'account', workspaceId, serverId, owner });

  return {
    async find(serverId, owner) {
      const row = await all.where('server_id', '=', serverId).where('owner', '=', owner).executeTakeFirst();
      return row && toAccount(row);
    },
    async ofOwner(workspaceId, owner) {
      const query = all.where('owner', '=', owner).where('workspace_id', '=', workspaceId).orderBy('server_id');
      return (await query.execute()).map(toAccount);
    },
    async ofServer(serverId) {
      return (await all.where('server_id', '=', serverId).orderBy('owner').execute()).map(toAccount);
    },
    put: (account) =>
      db.transaction().execute(async (trx) => {
        if (!(await isOpen(trx, account))) return undefined;
        const at = clock.now();
        const values = {
          ...({ kind: account.kind, state: 'ready', sealed: account.sealed, expires_at: account.expiresAt } as const),
          ...{ scopes_json: JSON.stringify(account.scopes), wanted_json: '[]', updated_at: at, ...NO_LEASE },
        };
        const row = await trx
          .insertInto('accounts')
          .values({
            ...values,
            workspace_id: account.workspaceId,
            server_id: account.serverId,
            owner: account.owner,
            user_id: userIdOf(account.owner) ?? null,
            version: 1,
            created_at: at,
          })
          .onConflict((conflict) =>
            conflict.columns(['server_id', 'owner']).doUpdateSet((eb) => ({
              ...values,
              version: eb('accounts.version', '+', 1),
            })),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        await changed(trx, account);
        return toAccount(row);
      }),
    async lease({ serverId, owner, version }, { holder, until, evenIfInUse }) {
      const now = clock.now();
      let query = db
        .updateTable('accounts')
        .set({ lease_holder: holder, lease_until: until, in_use_since: now })
        .where('server_id', '=', serverId)
        .where('owner', '=', owner)
        .where('version', '=', version)
        .where('state', '=', 'ready')
        .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]));
      if (!evenIfInUse) query = query.where('in_use_since', 'is', null);
      return (await query.executeTakeFirst()).numUpdatedRows > 0n;
    },
    async leaseOf(serverId, owner) {
      const row = await db
        .selectFrom('accounts')
        .select(['lease_until', 'in_use_since'])
        .where('server_id', '=', serverId)
        .where('owner', '=', owner)
        .executeTakeFirst();
      return row && { until: row.lease_until, inUseSince: row.in_use_since };
    },
    async release({ serverId, owner }, holder, { wasUsed }) {
      await db
        .updateTable('accounts')
        .set(wasUsed ? { lease_holder: null, lease_until: null } : NO_LEASE)
        .where('server_id', '=', serverId)
        .where('owner', '=', owner)
        .where('lease_holder', '=', holder)
        .execute();
    },
    async want({ serverId, owner }, wanted) {
      await db
        .updateTable('accounts')
        .set({ wanted_json: JSON.stringify(wanted) })
        .where('server_id', '=', serverId)
        .where('owner', '=', owner)
        .execute();
    },
    async refreshed({ serverId, owner, version }, { sealed, scopes, expiresAt }) {
      const row = await db
        .updateTable('accounts')
        .set({
          ...{ sealed, scopes_json: JSON.stringify(scopes), expires_at: expiresAt, state: 'ready' },
          ...{ version: version + 1, updated_at: clock.now(), ...NO_LEASE },
        })
        .where('server_id', '=', serverId)
        .where('owner', '=', owner)
        .where('version', '=', version)
        .returningAll()
        .executeTakeFirst();
      return row && toAccount(row);
    },
    expire: (account) =>
      db.transaction().execute(async (trx) => {
        const result = await trx
          .updateTable('accounts')
          .set({ state: 'expired', updated_at: clock.now(), ...NO_LEASE })
          .where('server_id', '=', account.serverId)
          .where('owner', '=', account.owner)
          .where('version', '=', account.version)
          .where('state', '=', 'ready')
          .executeTakeFirst();
        if (result.numUpdatedRows === 0n) return false;
        await changed(trx, account);
        return true;
      }),
    remove: (account) =>
      db.transaction().execute(async (trx) => {
        const result = await trx
          .deleteFrom('accounts')
          .where('server_id', '=', account.serverId)
          .where('owner', '=', account.owner)
          .executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await changed(trx, account);
        return true;
      }),
  };
}

/** Takes the rows of the server and the person, so that whoever closes one of them comes before this transaction or after it. */
async function isOpen(
  trx: Transaction<Database>,
  { workspaceId, serverId, owner, target }: Key & { target: string },
): Promise<boolean> {
  const server = await trx
    .updateTable('servers')
    .set((eb) => ({ enabled: eb.ref('enabled') }))
    .where('id', '=', serverId)
    .where('workspace_id', '=', workspaceId)
    .returning(['name', 'enabled', 'transport_json'])
    .executeTakeFirst();
  if (server === undefined || server.enabled === 0) return false;
  const transport = readJson(StoredTransportSchema, server.transport_json, `the transport of server ${server.name}`);
  if (targetOf(transport) !== target) return false;
  const userId = userIdOf(owner);
  if (userId === undefined) return true;
  const user = await trx
    .updateTable('users')
    .set((eb) => ({ disabled_at: eb.ref('disabled_at') }))
    .where('id', '=', userId)
    .where('workspace_id', '=', workspaceId)
    .returning('disabled_at')
    .executeTakeFirst();
  return user !== undefined && user.disabled_at === null;
}

type Key = Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner'>;

function toAccount(row: Selectable<Database['accounts']>): AccountRecord {
  return {
    workspaceId: row.workspace_id,
    serverId: row.server_id,
    owner: ownerOf(row.owner),
    kind: row.kind,
    state: row.state,
    version: row.version,
    sealed: row.sealed,
    scopes: readJson(scopesSchema, row.scopes_json, 'the scopes of an account'),
    wanted: readJson(scopesSchema, row.wanted_json, 'the scopes of an account'),
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function ownerOf(text: string): AccountOwner {
  return text === 'shared' ? text : `user:${text.slice('user:'.length)}`;
}
