// The one door for bearer tokens. Every check reads the store: what was revoked a moment ago is refused now.
import type { Clock } from 'mcpgate-shared/clock';
import type { Audience, Principal } from '../domain/principal.ts';
import type { Store, UserRecord } from '../store/store.ts';
import type { Authentication, Identity } from './identity.ts';
import type { OAuthServer } from './oauth/oauth-server.ts';
import { deviceIdOfGrant } from './oauth/grant-id.ts';
import { audienceUris } from './oauth/oauth-settings.ts';
import { isGrantToken, sameText, sha256Hex } from './secret-token.ts';

const TOUCH_EVERY_MS = 60_000;
type Rejection = Extract<Authentication, { kind: 'rejected' }>['reason'];

const MESSAGES: Readonly<Record<Rejection, string>> = {
  missing: 'no bearer token was sent; log in with `mcpgate login`, or set MCPGATE_TOKEN to a grant',
  unknown: 'this token is not known here; log in again with `mcpgate login`',
  expired: 'this token has expired; refresh it, or log in again with `mcpgate login`',
  revoked: 'access was revoked; ask your platform team',
  wrong_audience: 'this token is meant for another address of this broker',
};
const rejected = (reason: Rejection): Authentication => ({ kind: 'rejected', reason, message: MESSAGES[reason] });

const toUser = ({ id, name, role, groups }: UserRecord): NonNullable<Principal['user']> => ({ id, name, role, groups });

export function createAuthenticate(parts: {
  store: Store;
  clock: Clock;
  issuer: string;
  oauth: Pick<OAuthServer, 'findAccessToken'>;
}): Identity['authenticate'] {
  const { store, clock, issuer, oauth } = parts;
  const audiences = audienceUris(issuer);

  /** When something was used, for lists: written once a minute at most. */
  const isStale = (lastAt: number | null): boolean => lastAt === null || clock.now() - lastAt >= TOUCH_EVERY_MS;

  const byGrant = async (token: string, audience: Audience): Promise<Authentication> => {
    const hash = sha256Hex(token);
    const grant = await store.grants.byTokenHash(hash);
    if (grant === undefined || !sameText(grant.tokenHash, hash)) return rejected('unknown');
    if (grant.revokedAt !== null) return rejected('revoked');
    if (grant.expiresAt !== null && grant.expiresAt <= clock.now()) return rejected('expired');
    if (audience === 'api') return rejected('wrong_audience');
    const user = grant.userId === null ? undefined : await store.users.byId(grant.userId);
    if (grant.userId !== null && (user === undefined || user.disabledAt !== null)) return rejected('revoked');
    if (isStale(grant.lastUsedAt)) await store.grants.touch(grant.id, clock.now());
    const principal: Principal = {
      workspaceId: grant.workspaceId,
      credential: { kind: 'grant', id: grant.id, label: grant.label },
      servers: grant.servers,
      ...(user && { user: toUser(user) }),
      ...(grant.expiresAt !== null && { expiresAt: grant.expiresAt }),
    };
    return { kind: 'ok', principal };
  };

  const byAccessToken = async (value: string, audience: Audience): Promise<Authentication> => {
    const token = await oauth.findAccessToken(value);
    if (token === undefined) return rejected('unknown');
    if (token.expiresAt <= clock.now()) return rejected('expired');
    if (token.audience !== audiences[audience]) return rejected('wrong_audience');
    const deviceId = deviceIdOfGrant(token.grantId);
    const [user, device] = await Promise.all([
      store.users.byId(token.userId),
      deviceId ? store.devices.byId(deviceId) : undefined,
    ]);
    if (user === undefined || user.disabledAt !== null) return rejected('revoked');
    if (device === undefined || device.revokedAt !== null || device.userId !== user.id) return rejected('revoked');
    // A token that was made in the very moment its login ended has no grant any more.
    if ((await store.oauth.find('Grant', sha256Hex(token.grantId))) === undefined) return rejected('revoked');
    if (isStale(device.lastSeenAt)) await store.devices.touch(device.id, clock.now());
    const principal: Principal = {
      workspaceId: user.workspaceId,
      user: toUser(user),
      credential: { kind: 'device', id: device.id, label: device.name },
      device: { id: device.id, name: device.name },
      expiresAt: token.expiresAt,
    };
    return { kind: 'ok', principal };
  };

  return async (bearer, audience) => {
    if (bearer === undefined || bearer === '') return rejected('missing');
    if (bearer.length > 512) return rejected('unknown');
    if (!bearer.startsWith('mcg_')) return byAccessToken(bearer, audience);
    return isGrantToken(bearer) ? byGrant(bearer, audience) : rejected('unknown');
  };
}
