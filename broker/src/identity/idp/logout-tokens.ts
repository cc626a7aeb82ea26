// Handles a logout token of the IdP (OpenID Connect Back-Channel Logout 1.0, section 2.6): verifies it, accepts it once, and ends what came from the
// session that it names, or everything of the person where it names no session. Devices stay unless the configuration says otherwise, because what
// was granted for offline access outlives a sign-out (section 2.7).
import { jwtVerify } from 'jose';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import type { IdpOrigins } from './idp-origins.ts';
import type { EndOnLogout } from './logout-effects.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { CLOCK_TOLERANCE_S, SIGNATURES } from './idp-tokens.ts';

const KIND = 'IdpLogoutToken';
const MAX_AGE_S = 300;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export type LogoutOutcome = { kind: 'ok' } | { kind: 'refused'; detail: string };

const LogoutClaimsSchema = z
  .looseObject({
    sub: z.string().max(255).optional(),
    sid: z.string().min(1).max(255).optional(),
    jti: z.string('the token has no jti').min(1).max(255),
    iat: z.number(),
    exp: z.number().optional(),
    events: z.looseObject({ [EVENT]: z.looseObject({}, 'the token is not about a logout') }),
    nonce: z.undefined('the token has a nonce: it is no logout token').optional(),
  })
  .refine(({ sub, sid }) => (sub ?? sid) !== undefined, 'the token names neither a person (sub) nor a session (sid)');

export function createLogoutTokens(options: {
  settings: Pick<IdpSettings, 'issuer' | 'clientId'>;
  metadata: IdpMetadata;
  store: Store;
  origins: Pick<IdpOrigins, 'of'>;
  clock: Clock;
  end: EndOnLogout;
}): (token: string, address: string) => Promise<LogoutOutcome> {
  const { settings, metadata, store, origins, clock, end } = options;

  const verify = async (token: string) => {
    const { keys } = await metadata.read();
    const { payload } = await jwtVerify(token, keys, {
      issuer: settings.issuer,
      audience: settings.clientId,
      algorithms: SIGNATURES,
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: MAX_AGE_S,
    });
    return LogoutClaimsSchema.safeParse(payload);
  };

  /** True the first time that this token comes. */
  const isFirst = async (idHash: string): Promise<boolean> => {
    if ((await store.oauth.find(KIND, idHash)) !== undefined) return false;
    const expiresAt = clock.now() + 2 * MAX_AGE_S * 1000;
    const none = { grantId: null, userCode: null, uid: null, consumedAt: null };
    await store.oauth.upsert({ kind: KIND, idHash, payload: '{}', ...none, expiresAt });
    return true;
  };

  return async (token, address) => {
    let claims: z.output<typeof LogoutClaimsSchema>;
    try {
      const checked = await verify(token);
      if (!checked.success)
        return { kind: 'refused', detail: checked.error.issues[0]?.message ?? 'the claims do not fit' };
      claims = checked.data;
    } catch (error) {
      if (error instanceof GateError) throw error;
      return { kind: 'refused', detail: error instanceof Error ? error.message.slice(0, 200) : 'it is not a token' };
    }
    const idHash = sha256Hex(`${settings.issuer}\n${claims.jti}`);
    if (!(await isFirst(idHash))) return { kind: 'refused', detail: 'the token was used already' };
    // Where the token means nobody who is known here, there is nothing to end, and it is accepted.
    try {
      const { sub, sid } = claims;
      const holders = sub === undefined ? [] : await store.externalIdentities.holders(settings.issuer, sub);
      const people = sub === undefined ? await origins.of(sid ?? '') : holders;
      for (const userId of new Set(people.map((each) => each.userId))) {
        const user = await store.users.byId(userId);
        if (user !== undefined) await end(user, address, { sid, isNamed: sub !== undefined });
      }
    } catch (error) {
      // Something could not be ended: the token counts as unused, so that the IdP may send it again.
      await store.oauth.destroy(KIND, idHash);
      throw error;
    }
    return { kind: 'ok' };
  };
}
