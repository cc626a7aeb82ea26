// Groups and their members.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import type { Group } from '../../../domain/people/people.ts';

export interface GroupsRepository {
  list(workspaceId: string): Promise<Group[]>;
  byName(workspaceId: string, name: string): Promise<Group | undefined>;
  /** Makes the group where it does not exist. */
  add(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
  /** Takes people out of the group. */
  take(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
  remove(workspaceId: string, name: string): Promise<void>;
}

export function createGroups(db: Kysely<Database>, clock: Clock, announce: Announce): GroupsRepository {
  const list: GroupsRepository['list'] = async (workspaceId) => {
    const groups = await db
      .selectFrom('groups')
      .select('name')
      .where('workspace_id', '=', workspaceId)
      .orderBy('name')
      .execute();
    const members = await db
      .selectFrom('group_members')
      .innerJoin('users', 'users.id', 'group_members.user_id')
      .select(['group_members.group_name as group', 'users.name as user'])
      .where('group_members.workspace_id', '=', workspaceId)
      .orderBy('users.name')
      .execute();
    const byGroup = Map.groupBy(members, ({ group }) => group);
    return groups.map(({ name }) => ({ name, members: (byGroup.get(name) ?? []).map(({ user }) => user) }));
  };
  return {
    list,
    async byName(workspaceId, name) {
      const row = await db
        .selectFrom('groups')
        .select('name')
        .where('workspace_id', '=', workspaceId)
        .where('name', '=', name)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const members = await db
        .selectFrom('group_members')
        .innerJoin('users', 'users.id', 'group_members.user_id')
        .select('users.name as user')
        .where('group_members.workspace_id', '=', workspaceId)
        .where('group_members.group_name', '=', name)
        .orderBy('users.name')
        .execute();
      return { name, members: members.map(({ user }) => user) };
    },
    async add(workspaceId, name, userIds) {
      await db.transaction().execute(async (trx) => {
        await trx
          .insertInto('groups')
          .values({ workspace_id: workspaceId, name, created_at: clock.now(), default_bundle: null })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        if (userIds.length === 0) return;
        await trx
          .insertInto('group_members')
          .values(userIds.map((id) => ({ workspace_id: workspaceId, group_name: name, user_id: id })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await announce(trx, { kind: 'people', ids: userIds });
      });
    },
    async take(workspaceId, name, userIds) {
      if (userIds.length === 0) return;
      await db.transaction().execute(async (trx) => {
        await trx
          .deleteFrom('group_members')
          .where('workspace_id', '=', workspaceId)
          .where('group_name', '=', name)
          .where('user_id', 'in', [...userIds])
          .execute();
        await announce(trx, { kind: 'people', ids: userIds });
      });
    },
    async remove(workspaceId, name) {
      await db.transaction().execute(async (trx) => {
        const members = await trx
          .deleteFrom('group_members')
          .where('workspace_id', '=', workspaceId)
          .where('group_name', '=', name)
          .returning('user_id')
          .execute();
        await trx.deleteFrom('groups').where('workspace_id', '=', workspaceId).where('name', '=', name).execute();
        await announce(trx, { kind: 'people', ids: members.map((member) => member.user_id) });
      });
    },
  };
}
