// The names that the company's IdP has given people and groups over SCIM. User names are compared without regard to case (RFC 7643, section 4.1.1).
import type { Kysely } from 'kysely';
import type { Database } from '../../schema.ts';

/** The IdP's names for a person; `userName` is often an e-mail address. */
export interface ProvisionedNames {
  userName: string;
  externalId: string | null;
  displayName: string | null;
  givenName: string | null;
  familyName: string | null;
}

export interface ProvisionedGroup {
  name: string;
  createdAt: number;
  displayName: string | null;
  externalId: string | null;
}

/** The names that the company's IdP has given people and groups. They are removed with the person or group. */
export interface ProvisioningRepository {
  ofUser(userId: string): Promise<ProvisionedNames | undefined>;
  /** The people with this user name (in any letter case) or this external id; at most 100. */
  userIdsOf(workspaceId: string, wanted: { userName?: string; externalId?: string }): Promise<string[]>;
  /** How many people the IdP has named. */
  countOfUsers(workspaceId: string): Promise<number>;
  /** A page of all people, provisioned or not, in the order of their names in mcpgate. */
  pageOfUserIds(workspaceId: string, page: { offset: number; limit: number }): Promise<string[]>;
  /** Throws `conflict` where somebody else has the user name. */
  putUser(user: ProvisionedNames & { userId: string; workspaceId: string }): Promise<void>;
  /** All groups. One that the IdP has not provisioned has no display name. */
  groups(workspaceId: string): Promise<ProvisionedGroup[]>;
  membersOf(workspaceId: string, name: string): Promise<{ id: string; name: string }[]>;
  putGroup(group: { workspaceId: string; name: string; displayName: string; externalId: string | null }): Promise<void>;
}

export function createProvisioning(db: Kysely<Database>): ProvisioningRepository {
  return {
    async ofUser(userId) {
      const row = await db.selectFrom('provisioned_users').selectAll().where('user_id', '=', userId).executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        userName: row.user_name,
        externalId: row.external_id,
        displayName: row.display_name,
        givenName: row.given_name,
        familyName: row.family_name,
      };
    },
    async userIdsOf(workspaceId, { userName, externalId }) {
      let query = db.selectFrom('provisioned_users').select('user_id').where('workspace_id', '=', workspaceId);
      if (userName !== undefined) query = query.where('user_name_key', '=', userName.toLowerCase());
      if (externalId !== undefined) query = query.where('external_id', '=', externalId);
      const rows = await query.orderBy('user_id').limit(100).execute();
      return rows.map((row) => row.user_id);
    },
    async countOfUsers(workspaceId) {
      const query = db.selectFrom('provisioned_users').where('workspace_id', '=', workspaceId);
      const row = await query.select((eb) => eb.fn.countAll<number | string>().as('count')).executeTakeFirstOrThrow();
      return Number(row.count);
    },
    async pageOfUserIds(workspaceId, { offset, limit }) {
      const query = db.selectFrom('users').select('id').where('workspace_id', '=', workspaceId).orderBy('name');
      const rows = await query.limit(limit).offset(offset).execute();
      return rows.map(({ id }) => id);
    },
    async putUser({ userId, workspaceId, userName, externalId, displayName, givenName, familyName }) {
      const names = {
        user_name: userName,
        user_name_key: userName.toLowerCase(),
        external_id: externalId,
        display_name: displayName,
        given_name: givenName,
        family_name: familyName,
      };
      await db
        .insertInto('provisioned_users')
        .values({ user_id: userId, workspace_id: workspaceId, ...names })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(names))
        .execute();
    },
    async groups(workspaceId) {
      const rows = await db
        .selectFrom('groups')
        .leftJoin('provisioned_groups as told', (join) =>
          join.onRef('told.workspace_id', '=', 'groups.workspace_id').onRef('told.group_name', '=', 'groups.name'),
        )
        .select(['groups.name', 'groups.created_at', 'told.display_name', 'told.external_id'])
        .where('groups.workspace_id', '=', workspaceId)
        .orderBy('groups.name')
        .execute();
      return rows.map((row) => ({
        name: row.name,
        createdAt: row.created_at,
        displayName: row.display_name,
        externalId: row.external_id,
      }));
    },
    async membersOf(workspaceId, name) {
      const rows = await db
        .selectFrom('group_members')
        .innerJoin('users', 'users.id', 'group_members.user_id')
        .select(['users.id', 'users.name'])
        .where('group_members.workspace_id', '=', workspaceId)
        .where('group_members.group_name', '=', name)
        .orderBy('users.name')
        .execute();
      return rows.map(({ id, name }) => ({ id, name }));
    },
    async putGroup({ workspaceId, name, displayName, externalId }) {
      const names = { display_name: displayName, external_id: externalId };
      await db
        .insertInto('provisioned_groups')
        .values({ workspace_id: workspaceId, group_name: name, ...names })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'group_name']).doUpdateSet(names))
        .execute();
    },
  };
}
