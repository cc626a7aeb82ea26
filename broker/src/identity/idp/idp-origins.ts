// Keeps from which session at the IdP (`sid`, OpenID Connect Back-Channel Logout 1.0, section 2.1) a browser session came, and the devices and
// applications that were approved in it, so that they can end with that session. The rows are among the OAuth server's objects, with hashed keys.
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';

const KIND = 'IdpOrigin';
const OriginSchema = z.object({
  what: z.enum(['browser', 'device', 'client']),
  /** A browser session's token hash, a device's id, or an application's grant. */
  id: z.string(),
  userId: z.string(),
});

export type FromIdp = z.output<typeof OriginSchema>;

export interface IdpOrigins {
  /** Notes that a browser session began with an ID token of the session `sid`. */
  keep(browser: { tokenHash: string; userId: string; expiresAt: number }, sid: string): Promise<void>;
  /** The browser session goes on under another cookie. */
  move(fromHash: string, to: { tokenHash: string; expiresAt: number }): Promise<void>;
  /** Notes that a device or application was approved in a browser session. False: it is not known from which session at the IdP that one came. */
  follow(tokenHash: string, login: FromIdp & { grantId: string }): Promise<boolean>;
  /** Everything that came from the session `sid`; some of it may have ended since. */
  of(sid: string): Promise<FromIdp[]>;
  /** Whether it is known from which session at the IdP a browser session came. */
  knows(tokenHash: string): Promise<boolean>;
}

export function createIdpOrigins({ issuer, store }: { issuer: string; store: Store }): IdpOrigins {
  const idHashOf = ({ what, id }: Pick<FromIdp, 'what' | 'id'>): string => sha256Hex(`${what}:${id}`);
  const find = (tokenHash: string) => store.oauth.find(KIND, idHashOf({ what: 'browser', id: tokenHash }));
  const put = (
    { what, id, userId }: FromIdp,
    how: { uid: string | null; grantId: string | null; expiresAt: number | null },
  ): Promise<void> => {
    const payload = JSON.stringify({ what, id, userId });
    return store.oauth.upsert({
      kind: KIND,
      idHash: idHashOf({ what, id }),
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
    async move(fromHash, { tokenHash, expiresAt }) {
      const row = await find(fromHash);
      if (row === undefined) return;
      await store.oauth.destroy(KIND, idHashOf({ what: 'browser', id: fromHash }));
      const { userId } = OriginSchema.parse(JSON.parse(row.payload));
      await put({ what: 'browser', id: tokenHash, userId }, { uid: row.uid, grantId: null, expiresAt });
    },
    async follow(tokenHash, { grantId, ...login }) {
      const row = await find(tokenHash);
      // The browser session may meanwhile be that of another person than the one who approved the login.
      const isTheirs = row !== undefined && OriginSchema.parse(JSON.parse(row.payload)).userId === login.userId;
      if (isTheirs) await put(login, { uid: row.uid, grantId, expiresAt: null });
      else await store.oauth.destroy(KIND, idHashOf(login));
      return isTheirs;
    },
    async of(sid) {
      const rows = await store.oauth.list(KIND, uidOf(sid));
      return rows.map((row) => OriginSchema.parse(JSON.parse(row.payload)));
    },
    knows: async (tokenHash) => (await find(tokenHash)) !== undefined,
  };
}
