// Requests of the API that came with an idempotency key. Whoever puts one in first carries it out; the primary key decides that, for all brokers of the
// database.
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';

export interface IdempotentRequest {
  /** Whose keys they are: no one else's are the same. */
  owner: string;
  keyHash: string;
  requestDigest: string;
  /** `running`: by `holder`, as long as the lease goes on. `doubtful`: it has failed, and may have been done all the same. */
  state: 'running' | 'done' | 'doubtful';
  holder: string;
  leaseUntil: number;
  /** What was answered. */
  sealed: Uint8Array | null;
  expiresAt: number;
}

type Key = Pick<IdempotentRequest, 'owner' | 'keyHash'>;

export interface IdempotentRequestsRepository {
  /** Puts it in, unless there is one of this key: then that one. Removes those that had expired by `now`. */
  begin(request: IdempotentRequest, now: number): Promise<IdempotentRequest | undefined>;
  /** The holder goes on with it. */
  renew(key: Key & { holder: string }, leaseUntil: number): Promise<void>;
  end(key: Key & { holder: string }, as: { state: 'done' | 'doubtful'; sealed: Uint8Array | null }): Promise<void>;
  /** Nothing was done: the key is free again. */
  forget(key: Key & { holder: string }): Promise<void>;
  /** How many the owner has. */
  count(owner: string): Promise<number>;
}

export function createIdempotentRequests(db: Kysely<Database>): IdempotentRequestsRepository {
  const held = ({ owner, keyHash, holder }: Key & { holder: string }) =>
    ({ owner, key_hash: keyHash, holder }) as const;
  return {
    async begin(request, now) {
      await db.deleteFrom('idempotent_requests').where('expires_at', '<=', now).execute();
      const { owner, keyHash } = request;
      const added = await db
        .insertInto('idempotent_requests')
        .values({
          ...{ owner, key_hash: keyHash, request_digest: request.requestDigest, state: request.state },
          ...{ holder: request.holder, lease_until: request.leaseUntil, sealed: null, expires_at: request.expiresAt },
        })
        .onConflict((conflict) => conflict.columns(['owner', 'key_hash']).doNothing())
        .returning('owner')
        .executeTakeFirst();
      if (added !== undefined) return undefined;
      const row = await db
        .selectFrom('idempotent_requests')
        .selectAll()
        .where('owner', '=', owner)
        .where('key_hash', '=', keyHash)
        .executeTakeFirst();
      // It was forgotten between the two questions.
      if (row === undefined) return { ...request, holder: '', leaseUntil: now + 1_000 };
      return {
        ...{ owner, keyHash, requestDigest: row.request_digest, state: row.state, holder: row.holder },
        ...{ leaseUntil: row.lease_until, sealed: row.sealed, expiresAt: row.expires_at },
      };
    },
    async renew(key, leaseUntil) {
      await db
        .updateTable('idempotent_requests')
        .set({ lease_until: leaseUntil })
        .where((eb) => eb.and(held(key)))
        .execute();
    },
    async end(key, { state, sealed }) {
      await db
        .updateTable('idempotent_requests')
        .set({ state, sealed })
        .where((eb) => eb.and(held(key)))
        .execute();
    },
    async forget(key) {
      await db
        .deleteFrom('idempotent_requests')
        .where((eb) => eb.and(held(key)))
        .execute();
    },
    async count(owner) {
      const { count } = await db
        .selectFrom('idempotent_requests')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('owner', '=', owner)
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}
