// The logins of HTTP clients: for each OAuth grant, its person, client, resource and times. A login expires when its client has not renewed its
// tokens for the lifetime of a refresh token. It outlives a grant that the provider ends, so that the audit log can say which login has ended.
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { Part } from '../../domain/bounds/part.ts';
import type { OAuthObject } from '../../store/repositories/people/oauth.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';

const KIND = 'ClientLogin';
const TOUCH_EVERY_MS = 60_000;
const KeptSchema = z.object({
  grantId: z.string(),
  userId: z.string(),
  clientId: z.string(),
  /** The client's own name, or else its redirect target (`nameOfClient`). */
  name: z.string(),
  resource: z.string(),
  address: z.string(),
  createdAt: z.number(),
  lastSeenAt: z.number(),
});

export type ClientLogin = z.output<typeof KeptSchema> & { expiresAt: number };

export interface ClientLogins {
  start(login: Omit<ClientLogin, 'createdAt' | 'lastSeenAt'>): Promise<void>;
  /** Undefined where the login has ended or expired. */
  find(grantId: string): Promise<ClientLogin | undefined>;
  /** Which of these logins have neither ended nor expired, in one query. */
  amongst(grantIds: readonly string[]): Promise<Set<string>>;
  /** Writes down that the client was seen. `expiresAt`: the new expiry of the login, where the client has got new tokens. */
  seen(login: ClientLogin, expiresAt?: number): Promise<void>;
  list(userId?: string): Promise<ClientLogin[]>;
  /** Those of the people of a workspace, or of one of them, in an order that does not change. A place is the id of a grant. */
  listOfPeople(of: { workspaceId: string; userId?: string | undefined }, part?: Part<string>): Promise<ClientLogin[]>;
  /** Ends the login and every token under it; returns how many valid tokens were ended. */
  end(grantId: string): Promise<number>;
  /** Ends the logins that have expired. */
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
      // An update and no upsert, so that a login that was ended in between does not come back.
      await store.oauth.update(toRow({ ...login, lastSeenAt, expiresAt: expiresAt ?? login.expiresAt }));
    },
    list: async (userId) => (await all(userId)).filter(lives),
    async listOfPeople({ workspaceId, userId }, part) {
      const after = part?.after === undefined ? undefined : sha256Hex(part.after);
      const rows = await store.oauth.listOfPeople(
        KIND,
        { workspaceId, userId, now: clock.now() },
        part && { after, limit: part.limit },
      );
      return rows.map(readRow);
    },
    end,
    async removeExpired() {
      for (const login of await all()) if (!lives(login)) await end(login.grantId);
    },
  };
}
