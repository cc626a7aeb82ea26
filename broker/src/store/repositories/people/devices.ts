// The devices on which people have logged in.
import { randomUUID } from 'node:crypto';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Database } from '../../schema.ts';
import type { DeviceRecord } from '../../../domain/people/people.ts';
import type { InTime, Part } from '../../../domain/bounds/part.ts';
import { readPart } from '../in-time.ts';

export interface DevicesRepository {
  create(device: Omit<DeviceRecord, 'id' | 'createdAt' | 'lastSeenAt' | 'revokedAt'>): Promise<DeviceRecord>;
  byId(id: string): Promise<DeviceRecord | undefined>;
  byIds(ids: readonly string[]): Promise<DeviceRecord[]>;
  /** In the order in which they were made, as `list`. */
  listByUser(userId: string, part?: Part<InTime>): Promise<DeviceRecord[]>;
  /** In the order in which they were made. */
  list(workspaceId: string, part?: Part<InTime>): Promise<DeviceRecord[]>;
  /**
   * Those that have a login, of everybody or of one person, in the order in which they were made. `until`: when the login ends where it is not used any
   * more; null: never.
   */
  listLoggedIn(
    of: { workspaceId: string; userId: string | undefined; now: number },
    part?: Part<InTime>,
  ): Promise<(DeviceRecord & { until: number | null })[]>;
  /** Which of these have a login that has not ended. */
  loggedInAmongst(ids: readonly string[], now: number): Promise<string[]>;
  touch(id: string, at: number): Promise<void>;
  /** Keeps what a known device says of itself when it logs in again, and the time. */
  update(id: string, change: Pick<DeviceRecord, 'name' | 'platform' | 'address'>): Promise<DeviceRecord>;
  revoke(id: string, at: number): Promise<void>;
}

export function createDevices(db: Kysely<Database>, clock: Clock): DevicesRepository {
  const devices = db.selectFrom('devices').selectAll();

  return {
    async create(device) {
      const at = clock.now();
      const row: Database['devices'] = {
        id: randomUUID(),
        workspace_id: device.workspaceId,
        user_id: device.userId,
        name: device.name,
        platform: device.platform,
        address: device.address,
        created_at: at,
        last_seen_at: at,
        revoked_at: null,
      };
      await db.insertInto('devices').values(row).execute();
      return toDevice(row);
    },
    async byId(id) {
      const row = await devices.where('id', '=', id).executeTakeFirst();
      return row && toDevice(row);
    },
    async byIds(ids) {
      const rows = await devices.where('id', 'in', ids).execute();
      return rows.map(toDevice);
    },
    async listByUser(userId, part) {
      const rows = await readPart(devices.where('user_id', '=', userId).orderBy('created_at').orderBy('id'), part);
      return rows.map(toDevice);
    },
    async list(workspaceId, part) {
      const query = devices.where('workspace_id', '=', workspaceId).orderBy('created_at').orderBy('id');
      const rows = await readPart(query, part);
      return rows.map(toDevice);
    },
    async listLoggedIn({ workspaceId, userId, now }, part) {
      const devices = withLogin(db).where('devices.revoked_at', 'is', null);
      const wanted =
        userId === undefined
          ? devices.where('devices.workspace_id', '=', workspaceId)
          : devices.where('devices.user_id', '=', userId);
      const lasting = db.selectFrom(wanted.as('found')).selectAll().where(hasNotEnded(now));
      const rows = await readPart(lasting.orderBy('created_at').orderBy('id'), part);
      return rows.map((row) => ({ ...toDevice(row), until: row.until }));
    },
    async loggedInAmongst(ids, now) {
      const wanted = withLogin(db).where('devices.id', 'in', ids);
      const rows = await db.selectFrom(wanted.as('found')).select('id').where(hasNotEnded(now)).execute();
      return rows.map(({ id }) => id);
    },
    async touch(id, at) {
      await db.updateTable('devices').set({ last_seen_at: at }).where('id', '=', id).execute();
    },
    async update(id, { name, platform, address }) {
      const row = await db
        .updateTable('devices')
        .set({ name, platform, address, last_seen_at: clock.now() })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw new GateError('not_found', `there is no device with the id ${id}`);
      return toDevice(row);
    },
    async revoke(id, at) {
      const { numUpdatedRows } = await db
        .updateTable('devices')
        .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(at)) }))
        .where('id', '=', id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new GateError('not_found', `there is no device with the id ${id}`);
    },
  };
}

/** Devices with their login: the grant, and how long its refresh token is good; where there is none yet, the grant's own end counts. */
const withLogin = (db: Kysely<Database>) =>
  db
    .selectFrom('devices')
    // Not an inner join: SQLite would begin with the logins and sort the devices. So it begins with these, in their order.
    .crossJoin('oauth_objects as login')
    .where('login.kind', '=', 'Grant')
    .whereRef('login.uid', '=', 'devices.id')
    .where('login.grant_id', 'is not', null)
    // Of two at once, which nobody makes, one counts: no device is listed twice.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('oauth_objects as other')
            .select('other.id_hash')
            .where('other.kind', '=', 'Grant')
            .whereRef('other.uid', '=', 'devices.id')
            .whereRef('other.id_hash', '<', 'login.id_hash'),
        ),
      ),
    )
    .selectAll('devices')
    .select(({ fn, selectFrom }) =>
      fn
        .coalesce(
          selectFrom('oauth_objects as token')
            .select((eb) => eb.fn.max('token.expires_at').as('until'))
            .where('token.kind', '=', 'RefreshToken')
            .whereRef('token.grant_id', '=', 'login.grant_id')
            .where('token.consumed_at', 'is', null),
          'login.expires_at',
        )
        .as('until'),
    );

const hasNotEnded = (now: number) => sql<boolean>`(until is null or until > ${now})`;

function toDevice(row: Selectable<Database['devices']>): DeviceRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    userId: row.user_id,
    name: row.name,
    platform: row.platform,
    address: row.address,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    revokedAt: row.revoked_at,
  };
}
