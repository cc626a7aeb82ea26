// Groups and their members.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import type { Part } from '../../../domain/bounds/part.ts';
import type { Group } from '../../../domain/people/people.ts';

export interface GroupsRepository {
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<Group[]>;
  byName(workspaceId: string, name: string): Promise<Group | undefined>;
  /** Makes the group where it does not exist. */
  add(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
  /** Takes people out of the group. */
  take(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
  remove(workspaceId: string, name: string): Promise<void>;
  /** These people of the group are on call from now on, and no others. `until`: ms since the epoch; null: for good. */
  setOnCall(workspaceId: string, name: string, userIds: readonly string[], until: number | null): Promise<void>;
  /** The names of those who are on call now and not disabled, by their group; groups without any are left out. */
  onCall(workspaceId: string): Promise<Map<string, string[]>>;
}

const FOR_GOOD = Number.MAX_SAFE_INTEGER;

function toGroup(name: string, members: readonly { user: string; until: number | null }[], now: number): Group {
  return {
    name,
    members: members.map(({ user }) => user),
    onCall: members.flatMap(({ user, until }) =>
      until === null || until <= now ? [] : [{ user, until: until === FOR_GOOD ? null : until }],
    ),
  };
}

export function createGroups(db: Kysely<Database>, clock: Clock, announce: Announce): GroupsRepository {
  const list: GroupsRepository['list'] = async (workspaceId, part) => {
    let query = db.selectFrom('groups').select('name').where('workspace_id', '=', workspaceId).orderBy('name');
    if (part !== undefined) query = query.limit(part.limit);
    if (part?.after !== undefined) query = query.where('name', '>', part.after);
    const groups = await query.execute();
    if (groups.length === 0) return [];
    let inThem = db
      .selectFrom('group_members')
      .innerJoin('users', 'users.id', 'group_members.user_id')
      .select(['group_members.group_name as group', 'users.name as user', 'group_members.on_call_until as until'])
      .where('group_members.workspace_id', '=', workspaceId)
      .orderBy('users.name');
    if (part !== undefined) {
      const names = groups.map(({ name }) => name);
      inThem = inThem.where('group_members.group_name', 'in', names);
    }
    const members = await inThem.execute();
    const byGroup = Map.groupBy(members, ({ group }) => group);
    return groups.map(({ name }) => toGroup(name, byGroup.get(name) ?? [], clock.now()));
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
        .select(['users.name as user', 'group_members.on_call_until as until'])
        .where('group_members.workspace_id', '=', workspaceId)
        .where('group_members.group_name', '=', name)
        .orderBy('users.name')
        .execute();
      return toGroup(name, members, clock.now());
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
          .values(
            userIds.map((id) => ({ workspace_id: workspaceId, group_name: name, user_id: id, on_call_until: null })),
          )
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
    async setOnCall(workspaceId, name, userIds, until) {
      await db.transaction().execute(async (trx) => {
        const members = trx
          .updateTable('group_members')
          .where('workspace_id', '=', workspaceId)
          .where('group_name', '=', name);
        await members.set({ on_call_until: null }).execute();
        if (userIds.length > 0)
          await members
            .set({ on_call_until: until ?? FOR_GOOD })
            .where('user_id', 'in', [...userIds])
            .execute();
      });
    },
    async onCall(workspaceId) {
      const rows = await db
        .selectFrom('group_members')
        .innerJoin('users', 'users.id', 'group_members.user_id')
        .select(['group_members.group_name as group', 'users.name as user'])
        .where('group_members.workspace_id', '=', workspaceId)
        .where('on_call_until', '>', clock.now())
        .where('users.disabled_at', 'is', null)
        .orderBy('users.name')
        .execute();
      const byGroup = new Map<string, string[]>();
      for (const { group, user } of rows) byGroup.set(group, [...(byGroup.get(group) ?? []), user]);
      return byGroup;
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
