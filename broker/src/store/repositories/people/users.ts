// People, and the groups that they are in.
import { may, ROLES, type Role } from 'mcpgate-shared/api/roles';
import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import type { Part } from '../../../domain/bounds/part.ts';
import type { UserRecord } from '../../../domain/people/people.ts';
import { endApprovalsOf } from '../approvals.ts';
import { dropRulesOfPerson, type FallenRules } from '../policy.ts';

/**
 * What must hold after a change: somebody must be left who administers the workspace. Otherwise the change throws `conflict` and is not made, be it that
 * two administrators end each other at the same moment.
 */
export type Demand = 'leave_an_administrator';

export interface UsersRepository {
  create(user: {
    workspaceId: string;
    name: string;
    email: string | null;
    role: Role;
    groups: readonly string[];
  }): Promise<UserRecord>;
  byId(id: string): Promise<UserRecord | undefined>;
  /** Those of these people that exist, in one query. */
  byIds(ids: readonly string[]): Promise<UserRecord[]>;
  byName(workspaceId: string, name: string): Promise<UserRecord | undefined>;
  /** Everybody with this e-mail address, in any letter case. */
  byEmail(workspaceId: string, email: string): Promise<UserRecord[]>;
  /** The workspaces in which somebody has this e-mail address, in any letter case. */
  workspacesOf(email: string): Promise<string[]>;
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<UserRecord[]>;
  count(workspaceId: string): Promise<number>;
  /** Null: the person has none any more. */
  setPassword(id: string, passwordHash: string | null): Promise<void>;
  setDisabled(id: string, disabledAt: number | null, demand?: Demand): Promise<void>;
  /** Replaces the groups; groups that do not exist yet are made. */
  setGroups(id: string, groups: readonly string[]): Promise<void>;
  setRole(id: string, role: Role, demand?: Demand): Promise<void>;
  setEmail(id: string, email: string | null): Promise<void>;
  /** Removes the person with their devices, grants, links and browser sessions, and takes their name out of rules. */
  remove(id: string): Promise<FallenRules>;
}

const ADMINISTER = ROLES.filter((role) => may(role, 'administer'));

export function createUsers(db: Kysely<Database>, clock: Clock, announce: Announce): UsersRepository {
  const now = (): number => clock.now();

  /** Updates the row of a person; returns their role and workspace. Throws `not_found`. */
  async function change(
    id: string,
    values: Partial<Database['users']>,
    on: Kysely<Database> = db,
  ): Promise<Pick<Selectable<Database['users']>, 'role' | 'workspace_id'>> {
    const query = on.updateTable('users').set(values).where('id', '=', id).returning(['role', 'workspace_id']);
    const changed = await query.executeTakeFirst();
    if (changed === undefined) throw new GateError('not_found', `there is no user with the id ${id}`);
    return changed;
  }

  /** A change that may take an administrator from the workspace. */
  const changing = (
    id: string,
    demand: Demand | undefined,
    work: (trx: Transaction<Database>) => Promise<void>,
  ): Promise<void> =>
    db.transaction().execute(async (trx) => {
      const before = demand === undefined ? undefined : await lockAdministrators(trx, id);
      await work(trx);
      if (before !== undefined) await assertAdministered(trx, before);
    });

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
          if (may(role, 'administer')) await endSetUp(trx, workspaceId);
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
    async byIds(ids) {
      const rows = await db.selectFrom('users').selectAll().where('id', 'in', ids).execute();
      const members = await db
        .selectFrom('group_members')
        .select(['user_id', 'group_name'])
        .where('user_id', 'in', ids)
        .execute();
      return withMembers(rows, members);
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
        // The workspaces are named so that the index, which begins with the workspace, is used.
        .where('workspace_id', 'in', db.selectFrom('workspaces').select('id'))
        .where((eb) => eb(eb.fn<string>('lower', ['email']), '=', email.toLowerCase()))
        .orderBy('workspace_id')
        .execute();
      return rows.map((row) => row.workspace_id);
    },
    async list(workspaceId, part) {
      let query = db.selectFrom('users').selectAll().where('workspace_id', '=', workspaceId).orderBy('name');
      if (part !== undefined) query = query.limit(part.limit);
      if (part?.after !== undefined) query = query.where('name', '>', part.after);
      const rows = await query.execute();
      let members = db
        .selectFrom('group_members')
        .select(['user_id', 'group_name'])
        .where('workspace_id', '=', workspaceId);
      if (part !== undefined) {
        if (rows.length === 0) return [];
        const ids = rows.map(({ id }) => id);
        members = members.where('user_id', 'in', ids);
      }
      return withMembers(rows, await members.execute());
    },
    async count(workspaceId) {
      const row = await db
        .selectFrom('users')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirstOrThrow();
      return row.count;
    },
    async setPassword(id, passwordHash) {
      await change(id, { password_hash: passwordHash });
    },
    setDisabled: (id, disabledAt, demand) =>
      changing(id, demand, async (trx) => {
        const { role, workspace_id } = await change(id, { disabled_at: disabledAt }, trx);
        if (may(role, 'administer') && disabledAt === null) await endSetUp(trx, workspace_id);
      }),
    setRole: (id, role, demand) =>
      changing(id, demand, async (trx) => {
        const { workspace_id } = await change(id, { role }, trx);
        if (may(role, 'administer')) await endSetUp(trx, workspace_id);
        await announce(trx, { kind: 'people', ids: [id] });
      }),
    async setEmail(id, email) {
      await change(id, { email });
    },
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
    remove: (id) =>
      db.transaction().execute(async (trx) => {
        const removed = await trx
          .deleteFrom('users')
          .where('id', '=', id)
          .returning(['workspace_id', 'name'])
          .executeTakeFirst();
        if (removed === undefined) throw new GateError('not_found', `there is no user with the id ${id}`);
        await endApprovalsOf(trx, removed.workspace_id, `user:${id}`);
        return dropRulesOfPerson(trx, { workspaceId: removed.workspace_id, name: removed.name }, announce);
      }),
  };
}

/**
 * Takes the workspace's row, so that of two changes of its administrators one comes after the other; returns who it is, if they administer it now.
 * Not the rows of the administrators: two transactions could take those in a different order.
 */
async function lockAdministrators(
  trx: Transaction<Database>,
  id: string,
): Promise<Pick<Selectable<Database['users']>, 'workspace_id' | 'name'> | undefined> {
  await trx
    .updateTable('workspaces')
    .set((eb) => ({ created_at: eb.ref('created_at') }))
    .where('id', '=', (eb) => eb.selectFrom('users').select('workspace_id').where('id', '=', id))
    .execute();
  const user = await trx.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  return user !== undefined && user.disabled_at === null && may(user.role, 'administer') ? user : undefined;
}

async function assertAdministered(
  trx: Transaction<Database>,
  { workspace_id: workspaceId, name }: Pick<Selectable<Database['users']>, 'workspace_id' | 'name'>,
): Promise<void> {
  const left = await trx
    .selectFrom('users')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('disabled_at', 'is', null)
    .where('role', 'in', ADMINISTER)
    .limit(1)
    .execute();
  if (left.length > 0) return;
  throw new GateError(
    'conflict',
    `${name} is the only administrator of this workspace: make somebody else an administrator first`,
  );
}

/** Removes the link for the set-up of the first administrator: it must not work once there is an administrator, however they became one. */
async function endSetUp(trx: Transaction<Database>, workspaceId: string): Promise<void> {
  const links = trx.deleteFrom('one_time_links').where('workspace_id', '=', workspaceId);
  await links.where('kind', '=', 'setup').execute();
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

function withMembers(
  rows: readonly Selectable<Database['users']>[],
  members: readonly { user_id: string; group_name: string }[],
): UserRecord[] {
  const groups = Map.groupBy(members, (member) => member.user_id);
  return rows.map((row) =>
    toUser(
      row,
      (groups.get(row.id) ?? []).map((member) => member.group_name),
    ),
  );
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
