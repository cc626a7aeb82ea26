// Logins of HTTP clients: whom an OAuth grant lets in, for what, since when. It lasts until its client has not renewed its tokens for as
// long as a refresh token lives. A grant that the provider ends leaves it behind, so that it can still be said what has ended.
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { OAuthObject, Store } from '../../store/store.ts';
import { sha256Hex } from '../secret-token.ts';

const KIND = 'ClientLogin';
const TOUCH_EVERY_MS = 60_000;
const KeptSchema = z.object({
  grantId: z.string(),
  userId: z.string(),
  clientId: z.string(),
  /** As the client calls itself, or where its codes go. */
  name: z.string(),
  resource: z.string(),
  address: z.string(),
  createdAt: z.number(),
  lastSeenAt: z.number(),
});

export type ClientLogin = z.output<typeof KeptSchema> & { expiresAt: number };

export interface ClientLogins {
  start(login: Omit<ClientLogin, 'createdAt' | 'lastSeenAt'>): Promise<void>;
  /** Undefined where it has ended. */
  find(grantId: string): Promise<ClientLogin | undefined>;
  /** Those of them that have not ended, in one question. */
  amongst(grantIds: readonly string[]): Promise<Set<string>>;
  /** Its client was here, perhaps to renew its tokens, which makes it last until `expiresAt`. */
  seen(login: ClientLogin, expiresAt?: number): Promise<void>;
  list(userId?: string): Promise<ClientLogin[]>;
  /** Ends it with every token under it; returns how many were good until now. */
  end(grantId: string): Promise<number>;
  /** Ends those whose time is over. */
  removeExpired(): Promise<void>;
}

function readRow(row: OAuthObject): ClientLogin {
  return { ...KeptSchema.parse(JSON.parse(row.payload)), expiresAt: row.expiresAt ?? 0 };
}

function toRow({ expiresAt, ...kept }: ClientLogin): OAuthObject {
  const { grantId, userId } = kept;
  return {
    kind: KIND,
    idHash: sha256Hex(grantId),
    payload: JSON.stringify(kept),
    grantId: null,
    userCode: null,
    uid: userId,
    consumedAt: null,
    expiresAt,
  };
}

export function createClientLogins({ store, clock }: { store: Store; clock: Clock }): ClientLogins {
  const all = async (userId?: string): Promise<ClientLogin[]> => (await store.oauth.list(KIND, userId)).map(readRow);
  const lives = ({ expiresAt }: ClientLogin): boolean => expiresAt > clock.now();
  const end = async (grantId: string): Promise<number> => {
    const tokens = await store.oauth.countTokens(grantId, clock.now());
    await store.oauth.destroyByGrant(grantId);
    await store.oauth.destroy(KIND, sha256Hex(grantId));
    return tokens;
  };

  return {
    async start(login) {
      const now = clock.now();
      await store.oauth.upsert(toRow({ ...login, createdAt: now, lastSeenAt: now }));
    },
    async find(grantId) {
      const row = await store.oauth.find(KIND, sha256Hex(grantId));
      const login = row && readRow(row);
      return login && lives(login) ? login : undefined;
    },
    async amongst(grantIds) {
      const rows = await store.oauth.findAll(KIND, 'idHash', grantIds.map(sha256Hex));
      return new Set(
        rows
          .map(readRow)
          .filter(lives)
          .map(({ grantId }) => grantId),
      );
    },
    async seen(login, expiresAt) {
      const lastSeenAt = clock.now();
      if (expiresAt === undefined && lastSeenAt - login.lastSeenAt < TOUCH_EVERY_MS) return;
      // An update, so that a login that was ended in between stays so.
      await store.oauth.update(toRow({ ...login, lastSeenAt, expiresAt: expiresAt ?? login.expiresAt }));
    },
    list: async (userId) => (await all(userId)).filter(lives),
    end,
    async removeExpired() {
      for (const login of await all()) if (!lives(login)) await end(login.grantId);
    },
  };
}
