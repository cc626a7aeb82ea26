// People and the groups that they are in.
import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';
import type { UserRecord } from '../../domain/people.ts';
import type { Store } from '../store.ts';

export function createUsers(db: Kysely<Database>, clock: Clock, announce: Announce): Store['users'] {
  const now = (): number => clock.now();

  async function change(id: string, values: Partial<Database['users']>, on: Kysely<Database> = db): Promise<void> {
    const result = await on.updateTable('users').set(values).where('id', '=', id).executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw new GateError('not_found', `there is no user with the id ${id}`);
  }

  async function withGroups(row: Selectable<Database['users']> | undefined): Promise<UserRecord | undefined> {
    if (row === undefined) return undefined;
    const members = await db.selectFrom('group_members').select('group_name').where('user_id', '=', row.id).execute();
    return toUser(
      row,
      members.map((member) => member.group_name),
    );
  }

  return {
    async create({ workspaceId, name, email, role, groups }) {
      const row: Database['users'] = {
        id: randomUUID(),
        workspace_id: workspaceId,
        name,
        email,
        role,
        password_hash: null,
        disabled_at: null,
        created_at: now(),
      };
      try {
        await db.transaction().execute(async (trx) => {
          await trx.insertInto('users').values(row).execute();
          await addToGroups(trx, row, groups, row.created_at);
        });
      } catch (error) {
        if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
        throw new GateError('conflict', `a user named ${name} exists already`, { cause: error });
      }
      return toUser(row, [...new Set(groups)]);
    },
    async byId(id) {
      return withGroups(await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst());
    },
    async byName(workspaceId, name) {
      const query = db.selectFrom('users').selectAll().where('workspace_id', '=', workspaceId).where('name', '=', name);
      return withGroups(await query.executeTakeFirst());
    },
    async byEmail(workspaceId, email) {
      const rows = await db
        .selectFrom('users')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where((eb) => eb(eb.fn<string>('lower', ['email']), '=', email.toLowerCase()))
        .execute();
      const users = await Promise.all(rows.map(withGroups));
      return users.filter((user) => user !== undefined);
    },
    async workspacesOf(email) {
      const rows = await db
        .selectFrom('users')
        .select('workspace_id')
        .distinct()
        // The index begins with the workspace.
        .where('workspace_id', 'in', db.selectFrom('workspaces').select('id'))
        .where((eb) => eb(eb.fn<string>('lower', ['email']), '=', email.toLowerCase()))
        .orderBy('workspace_id')
        .execute();
      return rows.map((row) => row.workspace_id);
    },
    async list(workspaceId) {
      const rows = await db
        .selectFrom('users')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .orderBy('name')
        .execute();
      const members = await db
        .selectFrom('group_members')
        .select(['user_id', 'group_name'])
        .where('workspace_id', '=', workspaceId)
        .execute();
      const groups = Map.groupBy(members, (member) => member.user_id);
      return rows.map((row) =>
        toUser(
          row,
          (groups.get(row.id) ?? []).map((member) => member.group_name),
        ),
      );
    },
    async count(workspaceId) {
      const row = await db
        .selectFrom('users')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirstOrThrow();
      return row.count;
    },
    setPassword: (id, passwordHash) => change(id, { password_hash: passwordHash }),
    setDisabled: (id, disabledAt) => change(id, { disabled_at: disabledAt }),
    setRole: (id, role) =>
      db.transaction().execute(async (trx) => {
        await change(id, { role }, trx);
        await announce(trx, { kind: 'people', ids: [id] });
      }),
    setEmail: (id, email) => change(id, { email }),
    async setGroups(id, groups) {
      await db.transaction().execute(async (trx) => {
        const row = await trx
          .selectFrom('users')
          .select(['id', 'workspace_id'])
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined) throw new GateError('not_found', `there is no user with the id ${id}`);
        await trx.deleteFrom('group_members').where('user_id', '=', id).execute();
        await addToGroups(trx, row, groups, now());
        await announce(trx, { kind: 'people', ids: [id] });
      });
    },
    async remove(id) {
      const result = await db.deleteFrom('users').where('id', '=', id).executeTakeFirst();
      if (result.numDeletedRows === 0n) throw new GateError('not_found', `there is no user with the id ${id}`);
    },
  };
}

async function addToGroups(
  trx: Transaction<Database>,
  user: { id: string; workspace_id: string },
  groups: readonly string[],
  at: number,
): Promise<void> {
  const names = [...new Set(groups)];
  if (names.length === 0) return;
  await trx
    .insertInto('groups')
    .values(names.map((name) => ({ workspace_id: user.workspace_id, name, created_at: at })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await trx
    .insertInto('group_members')
    .values(names.map((name) => ({ workspace_id: user.workspace_id, group_name: name, user_id: user.id })))
    .execute();
}

function toUser(row: Selectable<Database['users']>, groups: readonly string[]): UserRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    email: row.email,
    role: row.role,
    passwordHash: row.password_hash,
    groups: groups.toSorted(),
    disabledAt: row.disabled_at,
    createdAt: row.created_at,
  };
}
