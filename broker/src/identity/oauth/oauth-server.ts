// The OAuth 2.1 server: oidc-provider, configured for opaque, audience-bound tokens and the device flow, behind a middleware that adds
// what the provider leaves out: polling pace (RFC 8628) and the grace for lost refresh answers.
import { errors, Provider, type FindAccount, type KoaContextWithOIDC } from 'oidc-provider';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../store/store.ts';
import { readDeviceInfo } from './device-info.ts';
import type { SaveGrant } from './device-logins.ts';
import { deviceIdOfGrant } from './grant-id.ts';
import { createOAuthAdapter } from './oauth-adapter.ts';
import type { OAuthKeys } from './oauth-keys.ts';
import { audienceUris, CLI_CLIENT_ID, LOGIN_SCOPE, type OAuthSettings } from './oauth-settings.ts';
import { createPollPace } from './poll-pace.ts';
import type { Admission, RefreshRetry } from './refresh-retry.ts';

const DEVICE_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANT_TTL_S = 10 * 365 * 86_400;

/** The person and device behind a token, if both may still act. */
type FindHolder = (
  userId: string,
  deviceId: string | undefined,
) => Promise<{ userId: string; userName: string; deviceId: string; workspaceId: string } | undefined>;

/** An access token that is known to the server, whether or not its time is over. */
interface AccessTokenFacts {
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
}

export interface OAuthServerOptions {
  store: Store;
  clock: Clock;
  log: Log;
  issuer: string;
  keys: OAuthKeys;
  settings: OAuthSettings;
  refreshRetry: RefreshRetry;
  findHolder: FindHolder;
  /** A family of refresh tokens ended: a token was used twice, or the device logged out. After the rows are gone. */
  onGrantEnded: (end: { grantId: string; why: 'reuse' | 'logout'; address: string }) => Promise<void>;
}

export function createOAuthServer(options: OAuthServerOptions): OAuthServer {
  const { store, clock, log, issuer, keys, settings, refreshRetry, findHolder, onGrantEnded } = options;
  const audiences = audienceUris(issuer);
  const known = new Set<string>(Object.values(audiences));
  const pace = createPollPace(clock, settings.pollIntervalS);
  const addresses = new WeakMap<IncomingMessage, string>();
  const admissions = new WeakMap<IncomingMessage, Admission>();
  const addressOf = (request: IncomingMessage): string =>
    addresses.get(request) ?? request.socket.remoteAddress ?? 'unknown';

  const findAccount: FindAccount = async (ctx, sub, token) => {
    const grantId = token?.grantId;
    const holder = await findHolder(sub, deviceIdOfGrant(grantId));
    if (holder === undefined) return undefined;
    // The provider asks for the account after it has checked client and grant, and before it looks whether the token was used up:
    // the one moment at which a repeated refresh can still be told from theft.
    if (token?.kind === 'RefreshToken') {
      const { refresh_token: refreshToken } = ctx.oidc.params ?? {};
      if (typeof refreshToken !== 'string') return undefined;
      const consumed = 'consumed' in token && token.consumed !== undefined;
      const proof = ctx.oidc.body?.retry_proof;
      const admission = await refreshRetry.admit({ refreshToken, grantId, proof, consumed });
      admissions.set(ctx.req, admission);
      if (admission.kind === 'replay') return undefined;
      // The provider looks at `consumed` next; what was read before the wait may be out of date either way.
      Object.assign(token, { consumed: admission.kind === 'reuse' ? Math.floor(clock.now() / 1000) : undefined });
    }
    return {
      accountId: holder.userId,
      claims: () => ({
        sub: holder.userId,
        preferred_username: holder.userName,
        device_id: holder.deviceId,
        workspace: holder.workspaceId,
      }),
    };
  };

  const provider = new Provider(issuer, {
    adapter: createOAuthAdapter(store, clock),
    jwks: { keys: [keys.signing] },
    cookies: { keys: [keys.cookie] },
    clients: [
      {
        client_id: CLI_CLIENT_ID,
        client_name: 'mcpgate',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: [DEVICE_GRANT_TYPE, 'refresh_token'],
        response_types: [],
        redirect_uris: [],
        id_token_signed_response_alg: 'ES256',
        scope: LOGIN_SCOPE,
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    claims: { openid: ['sub', 'preferred_username', 'device_id', 'workspace'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    extraParams: ['device_name', 'device_platform', 'device_id'],
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        deviceInfo: (ctx) => ({ ...readDeviceInfo(ctx.oidc.params ?? {}, addressOf(ctx.req), clock.now()) }),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf?.[0] ?? audiences.tunnel,
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx, resource) {
          if (!known.has(resource)) throw new errors.InvalidTarget('this broker has no such resource');
          return {
            scope: '',
            audience: resource,
            accessTokenTTL: settings.accessTokenTtlS,
            accessTokenFormat: 'opaque',
          };
        },
      },
    },
    findAccount,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => false,
    ttl: {
      AccessToken: settings.accessTokenTtlS,
      RefreshToken: settings.refreshTokenTtlS,
      DeviceCode: settings.deviceCodeTtlS,
      IdToken: settings.accessTokenTtlS,
      Grant: GRANT_TTL_S,
      Session: 3600,
      Interaction: 600,
      AuthorizationCode: 60,
    },
    routes: {
      authorization: '/oauth/auth',
      token: '/oauth/token',
      device_authorization: '/oauth/device_authorization',
      revocation: '/oauth/revoke',
      jwks: '/oauth/jwks',
      // Served by the pages, not by the provider; its name is what devices are told.
      code_verification: '/device',
    },
    renderError(ctx, out) {
      ctx.type = 'application/json';
      ctx.body = out;
    },
  });

  const finishRefresh = async (ctx: KoaContextWithOIDC, admission: Admission): Promise<void> => {
    if (admission.kind === 'replay') {
      ctx.status = 200;
      ctx.body = admission.answer;
    } else if (admission.kind === 'rotate' && ctx.status === 200) {
      await admission.keep(ctx.body);
    } else if (admission.kind === 'reuse') {
      const grantId = ctx.oidc.entities.RefreshToken?.grantId;
      if (grantId !== undefined) await onGrantEnded({ grantId, why: 'reuse', address: addressOf(ctx.req) });
    }
  };

  const afterwards = async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { route, params } = ctx.oidc;
    const body: unknown = ctx.body;
    if (typeof body !== 'object' || body === null) {
      const grantId =
        route === 'revocation' ? (ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AccessToken)?.grantId : undefined;
      if (grantId !== undefined) await onGrantEnded({ grantId, why: 'logout', address: addressOf(ctx.req) });
    } else if (route === 'device_authorization' && ctx.status === 200) {
      ctx.body = { ...body, interval: settings.pollIntervalS };
    } else if (route === 'token' && 'error' in body && body.error === 'authorization_pending') {
      if (typeof params?.device_code === 'string' && pace.tooFast(params.device_code))
        ctx.body = { error: 'slow_down', error_description: `ask every ${settings.pollIntervalS} seconds` };
    }
  };

  provider.use(async (ctx, next) => {
    // The public address, whatever the Host header says: links that people and devices follow are made of it.
    Object.defineProperty(ctx, 'href', { value: `${issuer}${ctx.originalUrl}` });
    try {
      await next();
      // Routes that the provider does not know have no context.
      if (!('oidc' in ctx)) return;
      const oidcCtx = ctx as KoaContextWithOIDC;
      const admission = admissions.get(ctx.req);
      await (admission === undefined ? afterwards(oidcCtx) : finishRefresh(oidcCtx, admission));
    } finally {
      admissions.get(ctx.req)?.release();
    }
  });

  const refused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    const expected = error.error === 'authorization_pending' || admissions.get(ctx.req)?.kind === 'replay';
    const facts = {
      route: ctx.oidc.route,
      error: error.error,
      detail: error.error_detail,
      address: addressOf(ctx.req),
    };
    log[expected ? 'debug' : 'info'](facts, 'OAuth request refused');
  };
  provider.on('grant.error', refused);
  provider.on('device_authorization.error', refused);
  provider.on('revocation.error', refused);
  provider.on('authorization.error', refused);
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: Error) => {
    log.error({ route: ctx.oidc.route, err: error }, 'OAuth request failed');
  });
  // Koa's own event for what no handler caught; the provider's types do not know it.
  EventEmitter.prototype.on.call(provider, 'error', (error: Error) =>
    log.error({ err: error }, 'OAuth request failed'),
  );

  const callback = provider.callback();
  return {
    handle(request, response, address) {
      if (address !== undefined) addresses.set(request, address);
      void callback(request, response);
    },
    async findAccessToken(value) {
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
