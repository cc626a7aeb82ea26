// Puts identity together over one store: the registers, the logins, the OAuth server, the company's IdP and the pages' part.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../domain/log.ts';
import type { Audit } from '../audit/audit.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import type { UserRecord } from '../domain/people/people.ts';
import type { Vault } from '../vault/vault.ts';
import { createAdminTokens } from './registers/admin-tokens.ts';
import { createAuthenticate } from './authenticate.ts';
import type { Authentication } from './authentication.ts';
import { createBrowserPrincipals } from './browser/browser-principals.ts';
import { createClientSessions } from './client-sessions.ts';
import { createChanges } from './registers/changes.ts';
import { createElsewhere } from './elsewhere.ts';
import { createWebAccess } from './browser/create-web-access.ts';
import { createDevices } from './registers/devices.ts';
import { createSessions } from './registers/sessions.ts';
import { createGrants } from './registers/grants.ts';
import type { Identity } from './identity.ts';
import { createCompanyLogin } from './idp/company-login.ts';
import { createExternalPeople } from './idp/external-people.ts';
import { createForwardedPeople, type ForwardedSettings } from './idp/forwarded-people.ts';
import { createAssertionRequests } from './idp/assertion-requests.ts';
import { createIdJags } from './idp/id-jags.ts';
import { createHomeOf } from './idp/workspace-choice.ts';
import { createIdpMetadata } from './idp/idp-metadata.ts';
import type { IdpSettings } from '../config/idp-settings.ts';
import { createGroups } from './registers/groups.ts';
import { createValidCredentials } from './registers/valid-credentials.ts';
import { createLogins } from './browser/logins.ts';
import { createClientLogins } from './oauth/client-logins.ts';
import { nameOfClient } from './oauth/consents.ts';
import { createDeviceLogins } from './oauth/device-logins.ts';
import { deviceIdOfGrant, isClientGrantId } from './oauth/grant-id.ts';
import { loadOAuthKeys } from './oauth/oauth-keys.ts';
import { createOAuthServer, type OAuthServerOptions } from './oauth/oauth-server.ts';
import { audienceUris, DEFAULT_OAUTH_SETTINGS, type OAuthSettings } from './oauth/oauth-settings.ts';
import { createRefreshRetry } from './oauth/refresh-retry.ts';
import { createRegistrations } from './oauth/registrations.ts';
import { createOneTimeLinks } from './browser/one-time-links.ts';
import { requireUser } from './registers/people.ts';
import { createProvisionedPeople } from './provisioning/provisioned-people.ts';
import { createProvisionedTeams } from './provisioning/provisioned-teams.ts';
import { createRevocations, type EndElsewhere } from './revocations.ts';
import { createUsers, type EndAccounts } from './registers/users.ts';
import { createChallenges } from './sign-in/challenges.ts';
import { createSignIn } from './sign-in/create-sign-in.ts';
import { createNewPasswords } from './sign-in/new-password.ts';
import { createPasskeys } from './sign-in/passkeys.ts';
import { createPasswords } from './sign-in/passwords.ts';
import { createSecondFactors, type SecondFactorDemand } from './sign-in/second-factor.ts';
import { createKnownBrowsers } from './browser/known-browsers.ts';
import { createWebSessions } from './browser/web-sessions.ts';
import { changeNotes } from '../domain/change-notes.ts';

const CLEAN_EVERY_MS = 10 * 60_000;
/** How long expired tokens and codes stay in the store, so that their owners are told "expired" and not "unknown". */
const KEEP_EXPIRED_MS = 3_600_000;

export interface IdentityOptions {
  store: Store;
  vault: Vault;
  audit: Audit;
  /** Where people and devices reach this broker: an origin, `https://mcp.example.com`. Also the OAuth issuer. */
  publicUrl: string;
  clock: Clock;
  log: Log;
  /** Fetches the documents by which HTTP clients describe themselves; strangers choose their URLs. */
  guardedFetch: GuardedFetch;
  /** Origins of web pages whose scripts may be HTTP clients of the broker. */
  allowedOrigins?: readonly string[];
  oauthSettings?: Partial<OAuthSettings>;
  /** Makes this broker read the rules of a workspace again, after a removed person was taken out of them. */
  policyChanged?: (workspaceId: string) => void;
  /** Forgets a person's accounts at servers, and ends them there. */
  endAccounts?: EndAccounts;
  /** Makes the other brokers over the same database end what they have of a revocation. */
  endElsewhere?: EndElsewhere;
  /** The company's IdP. */
  idp?: IdpSettings | undefined;
  /** The settings of a trusted reverse proxy that signs people in. */
  forwarded?: ForwardedSettings | undefined;
  /** False: passwords are only for administrators who have no account at the IdP. True unless said. */
  localAccounts?: boolean | undefined;
  /** Nobody must show a second factor, and who has shown who they are need not do so again within 15 minutes, unless said. */
  signIn?: SignInSettings | undefined;
}

export interface SignInSettings {
  secondFactor: SecondFactorDemand;
  /** Infinity: never. */
  reauthenticateAfterMs: number;
}
const SIGN_IN: SignInSettings = { secondFactor: 'off', reauthenticateAfterMs: 15 * 60_000 };

/** Loads or makes the OAuth keys. Throws what the store and the vault throw, and `config` where the URL is not an origin. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, vault, audit, clock, log } = options;
  const issuer = new URL(options.publicUrl).origin;
  if (issuer === 'null') throw new GateError('config', `public_url "${options.publicUrl}" is not an http or https URL`);
  const settings: OAuthSettings = { ...DEFAULT_OAUTH_SETTINGS, ...options.oauthSettings };
  const keys = await loadOAuthKeys(store, vault);

  const revocations = createRevocations({ clock, audit, endElsewhere: options.endElsewhere });
  const changes = createChanges(store);
  const logins = createLogins({ store, clock });
  const links = createOneTimeLinks({ store, clock, issuer });
  const clientLogins = createClientLogins({ store, clock });
  const now = (): number => clock.now();
  const clientSessions = createClientSessions({ store, clientLogins, revocations, now });

  const onGrantEnded: OAuthServerOptions['onGrantEnded'] = async ({ grantId, why, address }) => {
    if (isClientGrantId(grantId)) return clientSessions.ended(grantId, why, address);
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

  const { idp } = options;
  const metadata = idp && createIdpMetadata({ settings: idp, clock, log });
  const assertionRequests =
    idp && metadata && createAssertionRequests({ settings: idp, metadata, store, vault, clock });
  const assertions: OAuthServerOptions['assertions'] =
    idp && metadata && idp.assertionClients.size > 0
      ? {
          clients: idp.assertionClients,
          idJags: createIdJags({ idpIssuer: idp.issuer, issuer, metadata, store, clock }),
          ...{ audit, home: createHomeOf(idp, store.workspaces), host: new URL(idp.issuer).host },
        }
      : undefined;
  const oauth = createOAuthServer({
    assertions,
    audit,
    store,
    clock,
    log,
    issuer,
    keys,
    settings,
    onGrantEnded,
    clientLogins,
    registrations: createRegistrations({ store, clock, audit, workspaceId: DEFAULT_WORKSPACE }),
    guardedFetch: options.guardedFetch,
    allowedOrigins: options.allowedOrigins ?? [],
    refreshRetry: createRefreshRetry({ store, vault, clock }),
    async findHolder(userId, grantId) {
      const user = await store.users.byId(userId);
      if (user === undefined || user.disabledAt !== null) return undefined;
      const holder = { userId: user.id, userName: user.name, workspaceId: user.workspaceId };
      if (grantId === undefined) return holder;
      if (isClientGrantId(grantId)) {
        const login = await clientLogins.find(grantId);
        return login?.userId === user.id ? holder : undefined;
      }
      const device = await store.devices.byId(deviceIdOfGrant(grantId) ?? '');
      if (device === undefined || device.revokedAt !== null || device.userId !== user.id) return undefined;
      await store.devices.touch(device.id, clock.now());
      return { ...holder, deviceId: device.id };
    },
    async onConsent({ consent, userName, workspaceId, address, grantId }) {
      await audit.event({
        workspace_id: workspaceId,
        type: grantId === null ? 'login.denied' : 'login.approved',
        actor: userName,
        subject: `user:${userName}`,
        address,
        data: {
          client: nameOfClient(consent),
          client_id: consent.client.clientId,
          redirect_to: consent.redirect.shownAs,
          resource: consent.resource,
          ...(grantId !== null && { session: grantId }),
        },
      });
    },
  });

  const deviceLogins = createDeviceLogins({
    store,
    clock,
    defaultResource: audienceUris(issuer).tunnel,
    saveGrant: oauth.saveGrant,
  });
  const ofUsers = {
    ...{ clock, logins, clientSessions, links, revocations },
    policyChanged: options.policyChanged ?? (() => {}),
    endBrowsers: (user: Pick<UserRecord, 'id' | 'workspaceId'>) => webSessions.endOf(user),
    endAccounts: options.endAccounts ?? (() => Promise.resolve({ there: Promise.resolve([]) })),
  };
  const users = createUsers({ ...ofUsers, store, audit, changes });
  const groups = createGroups({ store, audit, clock, changes, users });
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
      data: {
        ...{ device: device.name, device_id: device.id, platform: device.platform, device_address: device.address },
        ...changeNotes(undefined, { device: device.name, device_id: device.id }),
      },
    });
    return { ...device, user: user.name, loggedIn: true };
  };

  const { secondFactor, reauthenticateAfterMs } = options.signIn ?? SIGN_IN;
  const secondFactors = createSecondFactors({ demand: secondFactor, told: idp?.secondFactor ?? [] });
  const knownBrowsers = createKnownBrowsers(keys.cookie);
  const newPasswords = createNewPasswords({ company: { host: new URL(issuer).hostname, called: idp?.label ?? '' } });
  const localAccounts = options.localAccounts ?? true;
  const passwords = createPasswords({ store, clock, knownBrowsers, newPasswords, localAccounts });
  const challenges = createChallenges({ key: keys.cookie, store, clock });
  const passkeys = createPasskeys({ origin: issuer, store, challenges, clock });
  if (secondFactor !== 'off' && !passkeys.arePossible)
    throw new GateError(
      'config',
      `sign_in.second_factor needs passkeys, which browsers make for a host name over https alone (and for localhost): set public_url, which is ${issuer} now`,
    );
  const webSessions = createWebSessions({
    secondFactors,
    ...{ store, clock },
    // The sign-in is over in any case; who signs out, or sets a password, is not kept from it.
    cut: (ended) =>
      revocations
        .cut(ended)
        .catch((error: unknown) =>
          log.error(
            { err: error },
            'what a browser that was signed out follows could not be ended: restart the broker',
          ),
        ),
  });
  const browserPrincipal = createBrowserPrincipals(webSessions);
  const people = createExternalPeople({ store, audit, log, users });
  const companyLogin =
    idp &&
    metadata &&
    assertionRequests &&
    createCompanyLogin({
      secondFactors,
      assertionRequests,
      issuer,
      settings: idp,
      metadata,
      people,
      sessions: webSessions,
      logins,
      store,
      vault,
      audit,
      devices,
      clientSessions,
      clock,
      log,
    });
  const signIn = createSignIn({
    ...{ store, clock, audit, passwords, passkeys, secondFactors, knownBrowsers, reauthenticateAfterMs },
    sessions: webSessions,
    idp,
    moved: async (from, to) => await companyLogin?.moved(from, to),
  });
  const authenticate = createAuthenticate({ store, clock, issuer, oauth, clientLogins });

  let closed = false;
  let stopCleaning = (): void => {};
  const clean = (): void => {
    if (closed) return;
    stopCleaning = clock.after(CLEAN_EVERY_MS, () => {
      clientLogins
        .removeExpired()
        .then(() => store.oauth.removeExpired(clock.now() - KEEP_EXPIRED_MS))
        .catch((error: unknown) =>
          log.warn({ err: error }, 'expired OAuth objects could not be removed; tried again later'),
        )
        .finally(clean);
    });
  };
  clean();

  /** Asks again where somebody's access has changed meanwhile. */
  const current = async (ask: () => Promise<Authentication>): Promise<Authentication> => {
    for (;;) {
      const seen = changes.count + revocations.count;
      const answer = await ask();
      if (seen === changes.count + revocations.count) return answer;
    }
  };

  return {
    authenticate: (bearer, audience, address) => current(() => authenticate(bearer, audience, address)),
    authenticateBrowser: (cookie, proof) => current(() => browserPrincipal(cookie, proof)),
    signIn,
    onRevoked: (listener, live) => revocations.listen(listener, live),
    elsewhere: createElsewhere({
      valid: createValidCredentials({ store, logins, clientLogins, clock }),
      revocations,
      changes,
    }),
    onChanged: (listener) => changes.listen(listener),
    users,
    groups,
    devices,
    sessions: createSessions({ store, clock, logins, clientSessions, revocations }),
    grants: createGrants({ store, audit, clock, revocations }),
    adminTokens: createAdminTokens({ store, audit, clock, revocations }),
    provisioning: {
      people: createProvisionedPeople({ store, audit, users }),
      teams: createProvisionedTeams({ store, groups }),
    },
    within(inside, { event, changed }) {
      const parts = { store: inside, audit: { event }, changes: { tell: changed } };
      const registered = createUsers({ ...ofUsers, ...parts });
      return {
        users: registered,
        groups: createGroups({ ...parts, clock, users: registered }),
        grants: createGrants({ store: inside, audit, clock, revocations }),
      };
    },
    approveDevice,
    async setupLink(workspaceId) {
      const users = await store.users.list(workspaceId);
      if (users.some((user) => may(user.role, 'administer') && user.disabledAt === null)) return undefined;
      return links.create(workspaceId, 'setup', null);
    },
    oauth: (request, response, address) => oauth.handle(request, response, address),
    consents: oauth.consents,
    web: createWebAccess({
      formKey: keys.cookie,
      clock,
      store,
      audit,
      links,
      sessions: webSessions,
      localAccounts,
      deviceLogins,
      approveDevice,
      logins,
      knownBrowsers,
      passwords,
    }),
    assertionRequests,
    idp: companyLogin,
    forwarded: options.forwarded && createForwardedPeople({ store, people, settings: options.forwarded }),
    close() {
      metadata?.close();
      closed = true;
      stopCleaning();
    },
  };
}
