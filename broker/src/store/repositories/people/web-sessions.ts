// Browser sessions on the broker's own pages.
import { type Kysely, type Selectable, sql } from 'kysely';
import type { InTime, Part } from '../../../domain/bounds/part.ts';
import type { SecondFactor, SignInMethod } from '../../../domain/people/passkey.ts';
import type { Database } from '../../schema.ts';

/** What a browser session knows of the sign-in behind it. */
export interface SignInFacts {
  method: SignInMethod;
  secondFactor: SecondFactor | null;
  /** The password that was typed would not be taken as a new one. */
  isPasswordWeak: boolean;
}

export interface WebSessionRecord extends SignInFacts {
  tokenHash: string;
  workspaceId: string;
  userId: string;
  address: string;
  userAgent: string;
  createdAt: number;
  expiresAt: number;
  /** When the person last showed who they are: at the sign-in, or since. */
  authenticatedAt: number;
  /** Of the secret that must come with the cookie for `authenticatedAt` to count; null: that was the sign-in. */
  proofHash: string | null;
}

/** So many characters of the hash are shown of a session. */
export const SHOWN_HASH = 16;

export interface WebSessionsRepository {
  create(session: WebSessionRecord): Promise<void>;
  byTokenHash(tokenHash: string, now: number): Promise<WebSessionRecord | undefined>;
  /**
   * Those that have not expired, of everybody or of one person, the newest first. The `id` of a place is the beginning of the hash, as long as what tells
   * sessions apart: `SHOWN_HASH`.
   */
  list(
    workspaceId: string,
    now: number,
    of?: { userId?: string | undefined; part?: Part<InTime> },
  ): Promise<WebSessionRecord[]>;
  /** The person has shown anew who they are. */
  authenticated(tokenHash: string, proof: { at: number; hash: string }): Promise<void>;
  /** The person has chosen another password. */
  passwordChosen(tokenHash: string): Promise<void>;
  /** False where it was removed before. */
  remove(tokenHash: string): Promise<boolean>;
  /** But the one with this hash. Returns the hashes of those that were removed. */
  removeByUser(userId: string, butHash?: string): Promise<string[]>;
}

export function createWebSessions(db: Kysely<Database>): WebSessionsRepository {
  return {
    async create(session) {
      await db
        .insertInto('web_sessions')
        .values({
          token_hash: session.tokenHash,
          workspace_id: session.workspaceId,
          user_id: session.userId,
          address: session.address,
          user_agent: session.userAgent,
          created_at: session.createdAt,
          expires_at: session.expiresAt,
          authenticated_at: session.authenticatedAt,
          proof_hash: session.proofHash,
          method: session.method,
          second_factor: session.secondFactor,
          weak_password: session.isPasswordWeak ? 1 : 0,
        })
        .execute();
    },
    async byTokenHash(tokenHash, now) {
      const row = await db
        .selectFrom('web_sessions')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return row && toSession(row);
    },
    async list(workspaceId, now, { userId, part } = {}) {
      const lasting = db.selectFrom('web_sessions').selectAll().where('expires_at', '>', now);
      let query =
        userId === undefined ? lasting.where('workspace_id', '=', workspaceId) : lasting.where('user_id', '=', userId);
      if (part?.after !== undefined) query = query.where(isBehind(part.after));
      if (part !== undefined) query = query.limit(part.limit);
      const rows = await query.orderBy('created_at', 'desc').orderBy('token_hash').execute();
      return rows.map(toSession);
    },
    async authenticated(tokenHash, { at, hash }) {
      const values = { authenticated_at: at, proof_hash: hash };
      await db.updateTable('web_sessions').set(values).where('token_hash', '=', tokenHash).execute();
    },
    async passwordChosen(tokenHash) {
      await db.updateTable('web_sessions').set({ weak_password: 0 }).where('token_hash', '=', tokenHash).execute();
    },
    async remove(tokenHash) {
      const result = await db.deleteFrom('web_sessions').where('token_hash', '=', tokenHash).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async removeByUser(userId, butHash = '') {
      const removed = await db
        .deleteFrom('web_sessions')
        .where('user_id', '=', userId)
        .where('token_hash', '!=', butHash)
        .returning('token_hash')
        .execute();
      return removed.map((row) => row.token_hash);
    },
  };
}

/** The first condition is what the index knows. */
const isBehind = ({ at, id }: InTime) => sql<boolean>`
  created_at <= ${at} and (created_at < ${at} or substr(token_hash, 1, ${sql.lit(SHOWN_HASH)}) > ${id})`;

function toSession(row: Selectable<Database['web_sessions']>): WebSessionRecord {
  return {
    tokenHash: row.token_hash,
    workspaceId: row.workspace_id,
    userId: row.user_id,
    address: row.address,
    userAgent: row.user_agent,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    authenticatedAt: row.authenticated_at,
    proofHash: row.proof_hash,
    method: row.method,
    secondFactor: row.second_factor,
    isPasswordWeak: row.weak_password === 1,
  };
}
