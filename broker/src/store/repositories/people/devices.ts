// The devices on which people have logged in.
import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
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
