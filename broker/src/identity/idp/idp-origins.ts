// From which session at the IdP something here has come (`sid`, OpenID Connect Back-Channel Logout 1.0, section 2.1): a browser session, and
// the devices and applications that were let in from it. Kept hashed among the OAuth server's objects, each row with its login.
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../secret-token.ts';

const KIND = 'IdpOrigin';
const OriginSchema = z.object({
  what: z.enum(['browser', 'device', 'client']),
  /** A browser session's token hash, a device's id, or an application's grant. */
  id: z.string(),
  userId: z.string(),
});

export type FromIdp = z.output<typeof OriginSchema>;

export interface IdpOrigins {
  /** A browser session began with an ID token of the session `sid`. */
  keep(browser: { tokenHash: string; userId: string; expiresAt: number }, sid: string): Promise<void>;
  /** A device or application was let in from a browser session; false where that one came from no known session. */
  follow(tokenHash: string, login: FromIdp & { grantId: string }): Promise<boolean>;
  /** What has come from the session `sid`; some of it may have ended. */
  of(sid: string): Promise<FromIdp[]>;
  /** Whether it is known from which session a browser session came. */
  knows(tokenHash: string): Promise<boolean>;
}

export function createIdpOrigins({ issuer, store }: { issuer: string; store: Store }): IdpOrigins {
  const place = ({ what, id }: Pick<FromIdp, 'what' | 'id'>): string => sha256Hex(`${what}:${id}`);
  const find = (tokenHash: string) => store.oauth.find(KIND, place({ what: 'browser', id: tokenHash }));
  const put = (
    { what, id, userId }: FromIdp,
    how: { uid: string | null; grantId: string | null; expiresAt: number | null },
  ): Promise<void> => {
    const payload = JSON.stringify({ what, id, userId });
    return store.oauth.upsert({
      kind: KIND,
      idHash: place({ what, id }),
      payload,
      userCode: null,
      consumedAt: null,
      ...how,
    });
  };
  const uidOf = (sid: string): string => sha256Hex(`${issuer}\n${sid}`);

  return {
    keep: ({ tokenHash, userId, expiresAt }, sid) =>
      put({ what: 'browser', id: tokenHash, userId }, { uid: uidOf(sid), grantId: null, expiresAt }),
    async follow(tokenHash, { grantId, ...login }) {
      const row = await find(tokenHash);
      // A browser may hold the session of somebody else than the person who let this in.
      const isTheirs = row !== undefined && OriginSchema.parse(JSON.parse(row.payload)).userId === login.userId;
      if (isTheirs) await put(login, { uid: row.uid, grantId, expiresAt: null });
      else await store.oauth.destroy(KIND, place(login));
      return isTheirs;
    },
    async of(sid) {
      const rows = await store.oauth.list(KIND, uidOf(sid));
      return rows.map((row) => OriginSchema.parse(JSON.parse(row.payload)));
    },
    knows: async (tokenHash) => (await find(tokenHash)) !== undefined,
  };
}
