// Passkeys: the public half of what people's devices and security keys hold.
import { randomBytes } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import type { PasskeyRecord } from '../../../domain/people/passkey.ts';
import type { Database } from '../../schema.ts';

export interface PasskeysRepository {
  /** Undefined where the credential is registered already, for whomever. */
  add(passkey: Omit<PasskeyRecord, 'id' | 'lastUsedAt'>): Promise<PasskeyRecord | undefined>;
  /** In the order in which they were registered. */
  listByUser(userId: string): Promise<PasskeyRecord[]>;
  byCredential(credentialId: string): Promise<PasskeyRecord | undefined>;
  /**
   * Notes a use. False where another use has raised the counter to as much meanwhile, or the passkey is gone. Authenticators that do not count
   * always say 0, which is not compared.
   */
  used(id: string, use: { counter: number; backedUp: boolean; at: number }): Promise<boolean>;
  rename(userId: string, id: string, name: string): Promise<boolean>;
  /** False where the person has none of this id. */
  remove(userId: string, id: string): Promise<boolean>;
  removeByUser(userId: string): Promise<number>;
}

const TransportsSchema = z.array(z.string());

export function createPasskeys(db: Kysely<Database>): PasskeysRepository {
  return {
    async add(passkey) {
      const id = `pk_${randomBytes(9).toString('base64url')}`;
      const row = await db
        .insertInto('passkeys')
        .values({
          id,
          workspace_id: passkey.workspaceId,
          user_id: passkey.userId,
          credential_id: passkey.credentialId,
          public_key: passkey.publicKey,
          counter: passkey.counter,
          transports_json: JSON.stringify(passkey.transports),
          backed_up: passkey.backedUp ? 1 : 0,
          name: passkey.name,
          created_at: passkey.createdAt,
          last_used_at: null,
        })
        .onConflict((conflict) => conflict.column('credential_id').doNothing())
        .returningAll()
        .executeTakeFirst();
      return row && toPasskey(row);
    },
    async listByUser(userId) {
      const query = db.selectFrom('passkeys').selectAll().where('user_id', '=', userId);
      return (await query.orderBy('created_at').orderBy('id').execute()).map(toPasskey);
    },
    async byCredential(credentialId) {
      const query = db.selectFrom('passkeys').selectAll().where('credential_id', '=', credentialId);
      const row = await query.executeTakeFirst();
      return row && toPasskey(row);
    },
    async used(id, { counter, backedUp, at }) {
      const result = await db
        .updateTable('passkeys')
        .set({ counter, backed_up: backedUp ? 1 : 0, last_used_at: at })
        .where('id', '=', id)
        .where((eb) => (counter === 0 ? eb('counter', '=', 0) : eb('counter', '<', counter)))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async rename(userId, id, name) {
      const query = db.updateTable('passkeys').set({ name }).where('id', '=', id).where('user_id', '=', userId);
      return (await query.executeTakeFirst()).numUpdatedRows > 0n;
    },
    async remove(userId, id) {
      const query = db.deleteFrom('passkeys').where('id', '=', id).where('user_id', '=', userId);
      return (await query.executeTakeFirst()).numDeletedRows > 0n;
    },
    async removeByUser(userId) {
      const result = await db.deleteFrom('passkeys').where('user_id', '=', userId).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

function toPasskey(row: Selectable<Database['passkeys']>): PasskeyRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    userId: row.user_id,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: TransportsSchema.parse(JSON.parse(row.transports_json)),
    backedUp: row.backed_up === 1,
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}
