// Checks bearer tokens: every door asks here. Each check reads the store anew, so that a token which was revoked a moment ago is refused.
import { createAddressRanges } from '../domain/bounds/address-ranges.ts';
import type { UserRecord } from '../domain/people/people.ts';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audience, Principal } from '../domain/people/principal.ts';
import { serverNamed } from '../domain/server-record.ts';
import type { Store } from '../store/store.ts';
import type { Authentication, RejectionReason } from './authentication.ts';
import type { Identity } from './identity.ts';
import type { AccessTokenFacts, OAuthServer } from './oauth/oauth-server.ts';
import type { ClientLogins } from './oauth/client-logins.ts';
import { deviceIdOfGrant, isClientGrantId } from './oauth/grant-id.ts';
import { readResource } from './oauth/resources.ts';
import { isToken, sameText, sha256Hex } from '../store/secret-token.ts';

/** The time of the last use, which lists show, is written no more often than this for each credential. */
export const TOUCH_EVERY_MS = 60_000;

const MESSAGES: Readonly<Record<RejectionReason, string>> = {
  missing: 'no bearer token was sent; log in with `mcpgate login`, or set MCPGATE_TOKEN to a grant',
  unknown: 'this token is not known here; log in again with `mcpgate login`',
  mistyped: 'this token is incomplete or mistyped: copy it again as it was shown',
  expired: 'this token has expired; refresh it, or log in again with `mcpgate login`',
  revoked: 'access was revoked; ask your platform team',
  wrong_audience: 'this token is meant for another address of this broker',
  wrong_address: 'this grant may not be used from this address; ask your platform team',
};
export const rejected = (reason: RejectionReason) => ({ kind: 'rejected', reason, message: MESSAGES[reason] }) as const;
/** The rejection where the person is disabled. Its message does not advise to log in again, which would not help. */
const suspended = () =>
  ({
    kind: 'rejected',
    reason: 'revoked',
    message: 'the account behind this access is suspended or was removed; ask your platform team',
  }) as const;
/** The rejection of a grant. Its message does not advise to log in again: grants are issued by the platform team. */
const grantRejected = (reason: 'unknown' | 'expired') =>
  ({
    kind: 'rejected',
    reason,
    message: `this grant ${reason === 'expired' ? 'has expired' : 'is not known here'}; ask your platform team for a new one`,
  }) as const;

const toUser = ({ id, name, role, groups }: UserRecord): NonNullable<Principal['user']> => ({ id, name, role, groups });

export function createAuthenticate(parts: {
  store: Store;
  clock: Clock;
  issuer: string;
  oauth: Pick<OAuthServer, 'findAccessToken'>;
  clientLogins: Pick<ClientLogins, 'find' | 'seen'>;
}): Identity['authenticate'] {
  const { store, clock, issuer, oauth, clientLogins } = parts;

  const isStale = (lastAt: number | null): boolean => lastAt === null || clock.now() - lastAt >= TOUCH_EVERY_MS;

  const byGrant = async (token: string, audience: Audience, address: string | undefined): Promise<Authentication> => {
    const hash = sha256Hex(token);
    const grant = await store.grants.byTokenHash(hash);
    if (grant === undefined || !sameText(grant.tokenHash, hash)) return grantRejected('unknown');
    if (grant.revokedAt !== null) return rejected('revoked');
    if (grant.expiresAt !== null && grant.expiresAt <= clock.now()) return grantRejected('expired');
    if (audience === 'api') return rejected('wrong_audience');
    if (grant.allowFrom.length > 0 && !createAddressRanges(grant.allowFrom).includes(address))
      return rejected('wrong_address');
    const user = grant.userId === null ? undefined : await store.users.byId(grant.userId);
    if (grant.userId !== null && (user === undefined || user.disabledAt !== null)) return suspended();
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

  const byDevice = async (token: AccessTokenFacts): Promise<Authentication> => {
    const deviceId = deviceIdOfGrant(token.grantId);
    const [user, device] = await Promise.all([
      store.users.byId(token.userId),
      deviceId ? store.devices.byId(deviceId) : undefined,
    ]);
    if (user === undefined || user.disabledAt !== null) return suspended();
    if (device === undefined || device.revokedAt !== null || device.userId !== user.id) return rejected('revoked');
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

  /** The names of the server that `/mcp/NAME-or-UUID` means. Empty where it was removed: the token is then bound to no server at all. */
  const serversOf = async (workspaceId: string, server: string): Promise<string[]> => {
    const found = serverNamed(await store.servers.list(workspaceId), server);
    return found === undefined ? [] : [found.name];
  };

  const byClient = async (token: AccessTokenFacts): Promise<Authentication> => {
    const [user, login] = await Promise.all([store.users.byId(token.userId), clientLogins.find(token.grantId)]);
    if (user === undefined || user.disabledAt !== null) return suspended();
    if (login === undefined || login.userId !== user.id) return rejected('revoked');
    await clientLogins.seen(login);
    const principal: Principal = {
      workspaceId: user.workspaceId,
      user: toUser(user),
      credential: { kind: 'oauth', id: login.grantId, label: login.name },
      expiresAt: token.expiresAt,
    };
    return { kind: 'ok', principal };
  };

  const byAccessToken = async (value: string, audience: Audience): Promise<Authentication> => {
    const token = await oauth.findAccessToken(value);
    if (token === undefined) return rejected('unknown');
    if (token.expiresAt <= clock.now()) return rejected('expired');
    const resource = readResource(token.audience, issuer);
    if (resource?.audience !== audience) return rejected('wrong_audience');
    // A token that was made at the moment at which its login ended is still stored, but its grant is gone.
    if ((await store.oauth.find('Grant', sha256Hex(token.grantId))) === undefined) return rejected('revoked');
    const answer = await (isClientGrantId(token.grantId) ? byClient(token) : byDevice(token));
    if (answer.kind === 'rejected' || resource.server === undefined) return answer;
    const { principal } = answer;
    return {
      kind: 'ok',
      principal: { ...principal, servers: await serversOf(principal.workspaceId, resource.server) },
    };
  };

  return async (bearer, audience, address) => {
    if (bearer === undefined || bearer === '') return rejected('missing');
    if (bearer.length > 512) return rejected('unknown');
    if (bearer.startsWith('mca_')) return rejected('wrong_audience');
    if (!bearer.startsWith('mcg_')) return byAccessToken(bearer, audience);
    return isToken(bearer, 'mcg_') ? byGrant(bearer, audience, address) : rejected('mistyped');
  };
}
