// Puts identity together: people, devices, grants, browser sessions and the OAuth server over one store.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../domain/log.ts';
import type { Audit } from '../audit/audit.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { createAuthenticate } from './authenticate.ts';
import { createWebAccess } from './create-web-access.ts';
import { createDevices, createSessions } from './devices.ts';
import { createGrants } from './grants.ts';
import type { Identity } from './identity.ts';
import { createLogins } from './logins.ts';
import { createDeviceLogins } from './oauth/device-logins.ts';
import { deviceIdOfGrant } from './oauth/grant-id.ts';
import { loadOAuthKeys } from './oauth/oauth-keys.ts';
import { createOAuthServer, type OAuthServerOptions } from './oauth/oauth-server.ts';
import { audienceUris, DEFAULT_OAUTH_SETTINGS, type OAuthSettings } from './oauth/oauth-settings.ts';
import { createRefreshRetry } from './oauth/refresh-retry.ts';
import { createOneTimeLinks } from './one-time-links.ts';
import { requireUser } from './people.ts';
import { createRevocations } from './revocations.ts';
import { createUsers } from './users.ts';
import { createWebSessions } from './web-sessions.ts';

/** People log in to this workspace until there are more. */
const WORKSPACE_ID = 'default';
const CLEAN_EVERY_MS = 10 * 60_000;
/** Expired objects stay this long, so that their owners are told "expired" and not "unknown". */
const KEEP_EXPIRED_MS = 3_600_000;

export interface IdentityOptions {
  store: Store;
  vault: Vault;
  audit: Audit;
  /** Where people and devices reach this broker: an origin, `https://mcp.example.com`. Also the OAuth issuer. */
  publicUrl: string;
  clock: Clock;
  log: Log;
  oauthSettings?: Partial<OAuthSettings>;
}

/** Loads or makes the OAuth keys. Throws what the store and the vault throw, and `config` where the URL is not an origin. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, vault, audit, clock, log } = options;
  const issuer = new URL(options.publicUrl).origin;
  if (issuer === 'null') throw new GateError('config', `public_url "${options.publicUrl}" is not an http or https URL`);
  const settings: OAuthSettings = { ...DEFAULT_OAUTH_SETTINGS, ...options.oauthSettings };
  const keys = await loadOAuthKeys(store, vault);

  const revocations = createRevocations({ clock, audit });
  const logins = createLogins({ store, clock });
  const links = createOneTimeLinks({ store, clock, issuer });

  const onGrantEnded: OAuthServerOptions['onGrantEnded'] = async ({ grantId, why, address }) => {
    const device = await store.devices.byId(deviceIdOfGrant(grantId) ?? '');
    if (device === undefined) return;
    const user = await store.users.byId(device.userId);
    const { workspaceId, id, name } = device;
    const type = why === 'reuse' ? 'token.reused' : 'logout';
    const reason = why === 'reuse' ? `a used refresh token of ${name} was presented again` : `${name} logged out`;
    await revocations.end({
      subject: `device:${id}`,
      startedAt: clock.now(),
      revocations: [{ workspaceId, kind: 'device', id, reason }],
      tokensRevoked: 0,
      event: { workspace_id: workspaceId, type, actor: user?.name ?? 'anonymous', address, data: { device: name } },
    });
  };

  const oauth = createOAuthServer({
    store,
    clock,
    log,
    issuer,
    keys,
    settings,
    onGrantEnded,
    refreshRetry: createRefreshRetry({ store, vault, clock }),
    async findHolder(userId, deviceId) {
      const [user, device] = await Promise.all([
        store.users.byId(userId),
        deviceId ? store.devices.byId(deviceId) : undefined,
      ]);
      if (user === undefined || user.disabledAt !== null) return undefined;
      if (device === undefined || device.revokedAt !== null || device.userId !== user.id) return undefined;
      await store.devices.touch(device.id, clock.now());
      return { userId: user.id, userName: user.name, deviceId: device.id, workspaceId: user.workspaceId };
    },
  });

  const deviceLogins = createDeviceLogins({
    store,
    clock,
    workspaceId: WORKSPACE_ID,
    defaultResource: audienceUris(issuer).tunnel,
    saveGrant: oauth.saveGrant,
  });
  const devices = createDevices({ store, clock, logins, revocations });

  const approveDevice: Identity['approveDevice'] = async (workspaceId, userCode, userName, actor) => {
    const user = await requireUser(store, workspaceId, userName);
    if (user.disabledAt !== null) throw new GateError('conflict', `${userName} is disabled; enable the user first`);
    const device = await deviceLogins.approve(userCode, user);
    await audit.event({
      workspace_id: workspaceId,
      type: 'login.approved',
      actor: actor.name,
      subject: `user:${user.name}`,
      address: actor.address,
      data: { device: device.name, device_id: device.id, platform: device.platform, device_address: device.address },
    });
    return { ...device, user: user.name };
  };

  let closed = false;
  let stopCleaning = (): void => {};
  const clean = (): void => {
    if (closed) return;
    stopCleaning = clock.after(CLEAN_EVERY_MS, () => {
      store.oauth
        .removeExpired(clock.now() - KEEP_EXPIRED_MS)
        .catch((error: unknown) =>
          log.warn({ err: error }, 'expired OAuth objects could not be removed; tried again later'),
        )
        .finally(clean);
    });
  };
  clean();

  return {
    authenticate: createAuthenticate({ store, clock, issuer, oauth }),
    onRevoked: (listener) => revocations.listen(listener),
    users: createUsers({ store, audit, clock, logins, links, revocations }),
    devices,
    sessions: createSessions({ store, clock, logins, revocations }),
    grants: createGrants({ store, audit, clock, revocations }),
    approveDevice,
    async setupLink(workspaceId) {
      const users = await store.users.list(workspaceId);
      if (users.some((user) => user.role === 'admin' && user.disabledAt === null)) return undefined;
      return links.create(workspaceId, 'setup', null);
    },
    oauth: (request, response, address) => oauth.handle(request, response, address),
    web: createWebAccess({
      workspaceId: WORKSPACE_ID,
      formKey: keys.cookie,
      store,
      audit,
      links,
      sessions: createWebSessions({ store, clock }),
      deviceLogins,
      approveDevice,
      listDevices: (workspaceId, filter) => devices.list(workspaceId, filter),
    }),
    close() {
      closed = true;
      stopCleaning();
    },
  };
}
