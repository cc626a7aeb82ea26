// The OAuth 2.1 server: oidc-provider, configured for opaque tokens that are bound to an audience, for the device flow, and for HTTP clients that
// log in with a browser. A middleware adds what the provider does not have: the pace of polling devices (RFC 8628), throttles, and the repetition
// of refresh answers that were lost on the way.
import { Provider, type errors, type FindAccount, type KoaContextWithOIDC } from 'oidc-provider';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WorkspaceNameSchema } from 'mcpgate-shared/api/fields';
import type { Clock } from 'mcpgate-shared/clock';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Log } from '../../domain/log.ts';
import type { Audit } from '../../audit/audit.ts';
import { createRefusalLog } from '../../domain/bounds/refusal-log.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Store } from '../../store/store.ts';
import { readDeviceInfo } from './device-info.ts';
import type { SaveGrant } from './device-logins.ts';
import { hashDeviceProof } from './known-devices.ts';
import { createClientGrantId, isClientGrantId } from './grant-id.ts';
import {
  assertionClient,
  assertionConfiguration,
  registerAssertionGrant,
  type AssertionGrantOptions,
} from './assertion-grant.ts';
import type { ClientLogins } from './client-logins.ts';
import { createConsents, nameOfClient, type Consent, type Consents } from './consents.ts';
import { createOAuthAdapter } from './oauth-adapter.ts';
import type { OAuthKeys } from './oauth-keys.ts';
import { LOGIN_SCOPE, MCP_SCOPE, type OAuthSettings } from './oauth-settings.ts';
import { createPollPace } from './poll-pace.ts';
import { fixedConfiguration, fixedFeatures, resourceIndicators } from './provider-settings.ts';
import { sourceOfAddress, type Admission, type RefreshRetry } from './refresh-retry.ts';
import type { Registrations } from './registrations.ts';
import { withCanonicalResource } from './resources.ts';
import { createWebClients } from './web-clients.ts';

/** How long a client may repeat a refresh whose answer it has lost, with its proof or from the same source. */
const GRACE_MS = 60_000;
/** How long a login of an HTTP client lasts that a person has approved, before the client has fetched its tokens. */
const UNFETCHED_LOGIN_MS = 10 * 60_000;

/**
 * Finds the person and device behind a token; undefined where the person is disabled or the login has ended. `grantId`: undefined where a login is
 * only about to begin.
 */
type FindHolder = (
  userId: string,
  grantId: string | undefined,
) => Promise<{ userId: string; userName: string; deviceId?: string; workspaceId: string } | undefined>;

/** What the server knows of an access token, also of an expired one. */
export interface AccessTokenFacts {
  userId: string;
  grantId: string;
  audience: string;
  /** ms since the epoch */
  expiresAt: number;
}

export interface OAuthServer {
  handle(request: IncomingMessage, response: ServerResponse, address?: string): void;
  findAccessToken(value: string): Promise<AccessTokenFacts | undefined>;
  saveGrant: SaveGrant;
  readonly consents: Consents;
}

export interface OAuthServerOptions {
  store: Store;
  clock: Clock;
  log: Log;
  issuer: string;
  keys: OAuthKeys;
  settings: OAuthSettings;
  refreshRetry: RefreshRetry;
  clientLogins: ClientLogins;
  registrations: Registrations;
  guardedFetch: GuardedFetch;
  /** Origins of web pages whose scripts may be HTTP clients. */
  allowedOrigins: readonly string[];
  /** Where AI clients of the company trade assertions of its IdP. */
  assertions: AssertionGrantOptions | undefined;
  audit: Pick<Audit, 'refused' | 'told'>;
  findHolder: FindHolder;
  onConsent: (answer: {
    consent: Consent;
    userName: string;
    workspaceId: string;
    address: string;
    grantId: string | null;
  }) => Promise<void>;
  /**
   * Called after a grant and all its tokens have been removed from the store: because a used token or code was presented again (`reuse`), or because
   * its holder has logged out.
   */
  onGrantEnded: (end: { grantId: string; why: 'reuse' | 'logout'; address: string }) => Promise<void>;
}

/** The shape of the provider's access tokens (256 bits); other texts are not looked up. */
const ACCESS_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Whether the answer is the adapter's error for a token that another broker has just used up. */
const isTakenElsewhere = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'error' in body && body.error === 'temporarily_unavailable';

/** Adds the workspace that the device asked for to the link that it shows, so that the person signs in there. */
function completeUri(answer: object, workspace: unknown): object {
  const uri: unknown = Reflect.get(answer, 'verification_uri_complete');
  if (typeof uri !== 'string' || !WorkspaceNameSchema.safeParse(workspace).success) return {};
  if (workspace === DEFAULT_WORKSPACE) return {};
  return { verification_uri_complete: `${uri}&workspace=${String(workspace)}` };
}

export function createOAuthServer(options: OAuthServerOptions): OAuthServer {
  const { store, clock, log, issuer, keys, settings, refreshRetry, clientLogins, findHolder, onGrantEnded } = options;
  const { guardedFetch, allowedOrigins, assertions, audit } = options;
  const refusals = createRefusalLog({ log, clock, level: 'info' });
  const pace = createPollPace(clock, settings.pollIntervalS);
  const addresses = new WeakMap<IncomingMessage, string>();
  const admissions = new WeakMap<IncomingMessage, Admission>();
  const addressOf = (request: IncomingMessage): string =>
    addresses.get(request) ?? request.socket.remoteAddress ?? 'unknown';
  const webClients = createWebClients({
    issuer,
    guardedFetch,
    allowedOrigins,
    addressOf,
    registrations: options.registrations,
    isOfCompany: (id) => assertions?.clients.has(id) === true,
  });
  /** The grants that the provider has ended because a code was used twice, by request. */
  const ended = new WeakMap<IncomingMessage, string>();

  /** A client gets new tokens: moves the expiry of its login and its registration on. */
  const prolong = async (ctx: KoaContextWithOIDC, grantId: string): Promise<void> => {
    const login = await clientLogins.find(grantId);
    if (login === undefined) return;
    const renews = ctx.oidc.client?.grantTypeAllowed('refresh_token') === true;
    const ttlS = renews ? settings.refreshTokenTtlS : settings.accessTokenTtlS;
    await clientLogins.seen(login, clock.now() + ttlS * 1000);
    await options.registrations.used(login.clientId);
  };

  const findAccount: FindAccount = async (ctx, sub, token) => {
    const grantId = token?.grantId;
    const holder = await findHolder(sub, grantId);
    if (holder === undefined) return undefined;
    const isClient = grantId !== undefined && isClientGrantId(grantId);
    // The provider checks next whether the token is for the resource that the request names; it compares spellings.
    const { params } = ctx.oidc;
    if (params?.resource !== undefined) params.resource = withCanonicalResource(params.resource, issuer);
    // The provider calls this after it has checked client and grant, and before it looks whether the refresh token was used up already. This is
    // the only moment at which a repeated refresh can be told from a stolen token.
    if (token?.kind === 'RefreshToken') {
      const { refresh_token: refreshToken } = ctx.oidc.params ?? {};
      if (typeof refreshToken !== 'string') return undefined;
      const consumed = 'consumed' in token && token.consumed !== undefined;
      const proof = isClient
        ? createHash('sha256')
            .update(sourceOfAddress(addressOf(ctx.req)))
            .digest('base64url')
        : ctx.oidc.body?.retry_proof;
      const admission = await refreshRetry.admit({ refreshToken, grantId, proof, consumed, graceMs: GRACE_MS });
      admissions.set(ctx.req, admission);
      if (admission.kind === 'replay') return undefined;
      // The provider looks at `consumed` next, and its value may be out of date: `admit` may have waited for another refresh.
      Object.assign(token, { consumed: admission.kind === 'reuse' ? Math.floor(clock.now() / 1000) : undefined });
      if (isClient && admission.kind === 'rotate') await prolong(ctx, grantId);
    } else if (isClient) {
      await prolong(ctx, grantId);
    }
    return {
      accountId: holder.userId,
      claims: () => ({
        sub: holder.userId,
        preferred_username: holder.userName,
        ...(holder.deviceId !== undefined && { device_id: holder.deviceId }),
        workspace: holder.workspaceId,
      }),
    };
  };

  const provider = new Provider(issuer, {
    ...fixedConfiguration(keys, settings),
    ...webClients.configuration,
    ...(assertions === undefined ? {} : assertionConfiguration),
    adapter: createOAuthAdapter(store, clock, (id) =>
      assertions === undefined ? undefined : assertionClient(assertions, id),
    ),
    features: {
      ...fixedFeatures,
      ...webClients.features,
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        // The proof is read from the body and is no parameter of the provider: it stores parameters as they came, and the proof must be hashed.
        deviceInfo: (ctx) => ({
          ...readDeviceInfo(ctx.oidc.params ?? {}, {
            address: addressOf(ctx.req),
            now: clock.now(),
            proofHash: hashDeviceProof(ctx.oidc.body?.device_proof),
          }),
        }),
      },
      resourceIndicators: resourceIndicators(issuer, settings),
    },
    findAccount,
  });

  if (assertions !== undefined)
    registerAssertionGrant(provider, {
      ...assertions,
      ...{ clientLogins, clock, addressOf, accessTokenTtlS: settings.accessTokenTtlS },
    });

  const finishRefresh = async (ctx: KoaContextWithOIDC, admission: Admission): Promise<void> => {
    if (admission.kind === 'replay') {
      ctx.status = 200;
      ctx.body = admission.answer;
    } else if (admission.kind === 'rotate' && ctx.status === 200) {
      await admission.keep(ctx.body);
    } else if (admission.kind === 'rotate' && isTakenElsewhere(ctx.body)) {
      // Another broker has used the token up a moment earlier, for the same client: this client gets that broker's answer.
      const answer = await admission.elsewhere();
      if (answer === undefined) return;
      ctx.status = 200;
      ctx.body = answer;
    } else if (admission.kind === 'reuse') {
      const grantId = ctx.oidc.entities.RefreshToken?.grantId;
      if (grantId !== undefined) await onGrantEnded({ grantId, why: 'reuse', address: addressOf(ctx.req) });
    }
  };

  const afterwards = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { route, params } = ctx.oidc;
    const body: unknown = ctx.body;
    const replayed = ended.get(ctx.req);
    if (replayed !== undefined && route === 'token') {
      await onGrantEnded({ grantId: replayed, why: 'reuse', address: addressOf(ctx.req) });
    } else if (route === 'registration' && ctx.status === 201 && ctx.oidc.client !== undefined) {
      await options.registrations.added(ctx.oidc.client, addressOf(ctx.req));
    } else if (typeof body !== 'object' || body === null) {
      const grantId =
        route === 'revocation' ? (ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AccessToken)?.grantId : undefined;
      if (grantId !== undefined) await onGrantEnded({ grantId, why: 'logout', address: addressOf(ctx.req) });
    } else if (route === 'device_authorization' && ctx.status === 200) {
      ctx.body = { ...body, ...completeUri(body, params?.workspace), interval: settings.pollIntervalS };
    } else if (route === 'token' && 'error' in body && body.error === 'authorization_pending') {
      if (typeof params?.device_code === 'string' && pace.tooFast(params.device_code))
        ctx.body = { error: 'slow_down', error_description: `ask every ${settings.pollIntervalS} seconds` };
    }
  };

  provider.use(async (ctx, next) => {
    // The provider makes links for people and devices from this: it must be the public URL, whatever the Host header says.
    Object.defineProperty(ctx, 'href', { value: `${issuer}${ctx.originalUrl}` });
    // Cookies are for https only wherever people use https, also where a proxy ends TLS.
    Object.defineProperty(ctx.request, 'secure', { value: issuer.startsWith('https:') });
    if (!(await webClients.admit(ctx))) return;
    try {
      await next();
      // A request for a path that the provider does not know has no `oidc` context.
      if (!('oidc' in ctx)) return;
      const oidcCtx = ctx as KoaContextWithOIDC;
      const admission = admissions.get(ctx.req);
      await (admission === undefined ? afterwards(oidcCtx) : finishRefresh(oidcCtx, admission));
    } finally {
      admissions.get(ctx.req)?.release();
    }
  });

  const refused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    // Whoever waits for a person, or asks again for an answer that was lost, is not refused.
    if (error.error === 'authorization_pending' || admissions.get(ctx.req)?.kind === 'replay')
      return void audit.told.add(ctx.req);
    const { route, client } = ctx.oidc;
    if (!audit.told.has(ctx.req)) {
      const data = {
        door: 'oauth',
        reason: error.error,
        via: route,
        client_id: client?.clientId.slice(0, 300) ?? null,
      };
      const common = { workspace_id: DEFAULT_WORKSPACE, type: 'auth.rejected', actor: 'anonymous', subject: null };
      audit
        .refused({ ...common, address: addressOf(ctx.req), data }, ctx.req)
        .catch((failure: unknown) => log.error({ err: failure }, 'a refused OAuth request could not be recorded'));
    }
    const facts = { route, error: error.error, detail: error.error_detail, address: addressOf(ctx.req) };
    refusals.note(`${route} ${error.error}`, facts, 'OAuth request refused');
  };
  provider.on('grant.error', refused);
  provider.on('device_authorization.error', refused);
  provider.on('revocation.error', refused);
  provider.on('authorization.error', refused);
  provider.on('registration_create.error', refused);
  provider.on('grant.revoked', (ctx: KoaContextWithOIDC, grantId: string) => void ended.set(ctx.req, grantId));
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    log.error({ route: ctx.oidc.route, err: error }, 'OAuth request failed');
  });
  // Koa emits `error` for what no handler caught; the provider's types do not have this event.
  EventEmitter.prototype.on.call(provider, 'error', (error: Error) =>
    log.error({ err: error }, 'OAuth request failed'),
  );

  const consents = createConsents({
    provider,
    issuer,
    async grant(consent, user, address) {
      const { client, resource } = consent;
      const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId });
      const grantId = createClientGrantId();
      grant.jti = grantId;
      grant.addResourceScope(resource, MCP_SCOPE);
      await grant.save();
      await clientLogins.start({
        grantId,
        userId: user.id,
        clientId: client.clientId,
        name: nameOfClient(consent),
        resource,
        address,
        expiresAt: clock.now() + UNFETCHED_LOGIN_MS,
      });
      await options.onConsent({ consent, userName: user.name, workspaceId: user.workspaceId, address, grantId });
      return grantId;
    },
    onDenied: (consent, user, address) =>
      options.onConsent({ consent, userName: user.name, workspaceId: user.workspaceId, address, grantId: null }),
  });

  const callback = provider.callback();
  return {
    consents,
    handle(request, response, address) {
      if (address !== undefined) addresses.set(request, address);
      void callback(request, response);
    },
    async findAccessToken(value) {
      if (!ACCESS_TOKEN.test(value)) return undefined;
      const token = await provider.AccessToken.find(value, { ignoreExpiration: true });
      if (token === undefined || typeof token.aud !== 'string') return undefined;
      return {
        userId: token.accountId,
        grantId: token.grantId,
        audience: token.aud,
        expiresAt: (token.exp ?? 0) * 1000,
      };
    },
    async saveGrant({ id, accountId, clientId, resources }) {
      const grant = new provider.Grant({ accountId, clientId });
      grant.jti = id;
      grant.addOIDCScope(LOGIN_SCOPE);
      for (const resource of resources) grant.addResourceScope(resource, LOGIN_SCOPE);
      await grant.save();
    },
  };
}
