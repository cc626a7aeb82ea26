// The OAuth server's objects, one row each. Expired rows are still found, so that the server can tell "expired" from "unknown".
import type { Kysely, Selectable } from 'kysely';
import type { Part } from '../../../domain/bounds/part.ts';
import type { Database } from '../../schema.ts';

/** An object of the OAuth server: a token, a code, a grant, a client. `payload`: JSON text, without the value of the token itself. */
export interface OAuthObject {
  kind: string;
  idHash: string;
  payload: string;
  grantId: string | null;
  userCode: string | null;
  uid: string | null;
  consumedAt: number | null;
  expiresAt: number | null;
}

export interface OAuthRepository {
  upsert(object: OAuthObject): Promise<void>;
  find(kind: string, idHash: string): Promise<OAuthObject | undefined>;
  findByUserCode(kind: string, userCode: string): Promise<OAuthObject | undefined>;
  findByUid(kind: string, uid: string): Promise<OAuthObject | undefined>;
  /** Those with one of these values that exist, in one query. */
  findAll(kind: string, by: 'idHash' | 'uid', values: readonly string[]): Promise<OAuthObject[]>;
  /** All objects of a kind; with `uid` only those that have this one. */
  list(kind: string, uid?: string): Promise<OAuthObject[]>;
  /** Those of a kind whose `uid` is a person of this workspace, or this one, and that end after `now`; by `idHash`. */
  listOfPeople(
    kind: string,
    of: { workspaceId: string; userId: string | undefined; now: number },
    part?: Part<string>,
  ): Promise<OAuthObject[]>;
  /** Overwrites an existing row. False where there is none any more; it is not made again. */
  update(object: OAuthObject): Promise<boolean>;
  /**
   * Whether one more object of a kind may be added, so that there are no more than `max` without a `uid`. Where there are too many, removes those
   * that expire before `expiringBefore`, the earliest first.
   */
  makeRoom(kind: string, max: number, expiringBefore: number): Promise<boolean>;
  /** False where there is an object of that kind and id already, also where another broker adds it at the same moment. */
  addOnce(object: OAuthObject): Promise<boolean>;
  /** Marks an object as used. True only for the first of several requests, also of those at the same time. */
  consume(kind: string, idHash: string, at: number): Promise<boolean>;
  /** Puts this payload in the place of that one; false where another one is there, or none. Atomic. */
  replace(kind: string, idHash: string, from: string, to: Pick<OAuthObject, 'payload' | 'expiresAt'>): Promise<boolean>;
  destroy(kind: string, idHash: string): Promise<void>;
  destroyByGrant(grantId: string): Promise<number>;
  /** Access and refresh tokens of a grant that are neither used up nor expired. */
  countTokens(grantId: string, now: number): Promise<number>;
  removeExpired(now: number): Promise<number>;
}

/** How many rows one statement removes at most. */
const MAX_AT_ONCE = 500;

export function createOAuth(db: Kysely<Database>): OAuthRepository {
  const find = async (
    kind: string,
    column: 'id_hash' | 'user_code' | 'uid',
    value: string,
  ): Promise<OAuthObject | undefined> => {
    const query = db.selectFrom('oauth_objects').selectAll().where('kind', '=', kind).where(column, '=', value);
    const row = await query.executeTakeFirst();
    return row && toObject(row);
  };

  const valuesOf = (object: OAuthObject) => ({
    payload: object.payload,
    grant_id: object.grantId,
    user_code: object.userCode,
    uid: object.uid,
    consumed_at: object.consumedAt,
    expires_at: object.expiresAt,
  });

  return {
    async upsert(object) {
      const values = valuesOf(object);
      await db
        .insertInto('oauth_objects')
        .values({ workspace_id: 'default', kind: object.kind, id_hash: object.idHash, ...values })
        .onConflict((conflict) => conflict.columns(['kind', 'id_hash']).doUpdateSet(values))
        .execute();
    },
    async addOnce(object) {
      const result = await db
        .insertInto('oauth_objects')
        .values({ workspace_id: 'default', kind: object.kind, id_hash: object.idHash, ...valuesOf(object) })
        .onConflict((conflict) => conflict.columns(['kind', 'id_hash']).doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    find: (kind, idHash) => find(kind, 'id_hash', idHash),
    findByUserCode: (kind, userCode) => find(kind, 'user_code', userCode),
    findByUid: (kind, uid) => find(kind, 'uid', uid),
    async findAll(kind, by, values) {
      const column = by === 'idHash' ? 'id_hash' : 'uid';
      const query = db.selectFrom('oauth_objects').selectAll().where('kind', '=', kind).where(column, 'in', values);
      return (await query.execute()).map(toObject);
    },
    async list(kind, uid) {
      const all = db.selectFrom('oauth_objects').selectAll().where('kind', '=', kind);
      const rows = await (uid === undefined ? all : all.where('uid', '=', uid)).execute();
      return rows.map(toObject);
    },
    async listOfPeople(kind, { workspaceId, userId, now }, part) {
      let query = db
        .selectFrom('oauth_objects')
        // SQLite begins with what stands first, in its order.
        .crossJoin('users')
        .whereRef('users.id', '=', 'oauth_objects.uid')
        .selectAll('oauth_objects')
        .where('oauth_objects.kind', '=', kind)
        .where('users.workspace_id', '=', workspaceId)
        .where('oauth_objects.expires_at', '>', now)
        .orderBy('oauth_objects.id_hash');
      if (userId !== undefined) query = query.where('oauth_objects.uid', '=', userId);
      if (part !== undefined) query = query.limit(part.limit);
      if (part?.after !== undefined) query = query.where('oauth_objects.id_hash', '>', part.after);
      return (await query.execute()).map(toObject);
    },
    async update(object) {
      const result = await db
        .updateTable('oauth_objects')
        .set(valuesOf(object))
        .where('kind', '=', object.kind)
        .where('id_hash', '=', object.idHash)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async makeRoom(kind, max, expiringBefore) {
      const row = await db
        .selectFrom('oauth_objects')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('kind', '=', kind)
        .where('uid', 'is', null)
        .executeTakeFirstOrThrow();
      const excess = row.count - max + 1;
      if (excess <= 0) return true;
      const oldest = await db
        .selectFrom('oauth_objects')
        .select('id_hash')
        .where('kind', '=', kind)
        .where('uid', 'is', null)
        .where('expires_at', '<', expiringBefore)
        .orderBy('expires_at')
        .limit(Math.min(excess, MAX_AT_ONCE))
        .execute();
      const ids = oldest.map(({ id_hash }) => id_hash);
      if (ids.length === 0) return false;
      await db.deleteFrom('oauth_objects').where('kind', '=', kind).where('id_hash', 'in', ids).execute();
      return ids.length === excess;
    },
    async consume(kind, idHash, at) {
      const result = await db
        .updateTable('oauth_objects')
        .set({ consumed_at: at })
        .where('kind', '=', kind)
        .where('id_hash', '=', idHash)
        .where('consumed_at', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async replace(kind, idHash, from, { payload, expiresAt }) {
      const result = await db
        .updateTable('oauth_objects')
        .set({ payload, expires_at: expiresAt })
        .where('kind', '=', kind)
        .where('id_hash', '=', idHash)
        .where('payload', '=', from)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async destroy(kind, idHash) {
      await db.deleteFrom('oauth_objects').where('kind', '=', kind).where('id_hash', '=', idHash).execute();
    },
    async destroyByGrant(grantId) {
      const result = await db.deleteFrom('oauth_objects').where('grant_id', '=', grantId).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
    async countTokens(grantId, now) {
      const row = await db
        .selectFrom('oauth_objects')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('grant_id', '=', grantId)
        .where('kind', 'in', ['AccessToken', 'RefreshToken'])
        .where('consumed_at', 'is', null)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .executeTakeFirstOrThrow();
      return row.count;
    },
    async removeExpired(now) {
      const result = await db.deleteFrom('oauth_objects').where('expires_at', '<=', now).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

function toObject(row: Selectable<Database['oauth_objects']>): OAuthObject {
  return {
    kind: row.kind,
    idHash: row.id_hash,
    payload: row.payload,
    grantId: row.grant_id,
    userCode: row.user_code,
    uid: row.uid,
    consumedAt: row.consumed_at,
    expiresAt: row.expires_at,
  };
}
