// The fixed part of oidc-provider's configuration: opaque tokens, one first-party client, the authorization code with PKCE only, and nothing of
// OpenID that is not needed. The parts that depend on a request are in `oauth-server.ts` and `web-clients.ts`.
import { errors, type Configuration } from 'oidc-provider';
import type { OAuthKeys } from './oauth-keys.ts';
import { audienceUris, CLI_CLIENT_ID, LOGIN_SCOPE, MCP_SCOPE, type OAuthSettings } from './oauth-settings.ts';
import { canonicalResource, readResource } from './resources.ts';

const DEVICE_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANT_TTL_S = 10 * 365 * 86_400;

export const fixedConfiguration = (keys: OAuthKeys, settings: OAuthSettings) =>
  ({
    jwks: { keys: [keys.signing] },
    cookies: {
      keys: [keys.cookie],
      names: { session: 'mcpgate-oauth', interaction: 'mcpgate-consent', resume: 'mcpgate-resume' },
    },
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
    extraParams: ['device_name', 'device_platform', 'device_id', 'workspace'],
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && (code.scopes.has('offline_access') || code.scopes.has(MCP_SCOPE)),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
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
      registration: '/oauth/register',
      jwks: '/oauth/jwks',
      // The pages serve this path, not the provider; the provider tells devices its URL.
      code_verification: '/device',
    },
  }) satisfies Configuration;

export const fixedFeatures = {
  devInteractions: { enabled: false },
  dPoP: { enabled: false },
  pushedAuthorizationRequests: { enabled: false },
  rpInitiatedLogout: { enabled: false },
  userinfo: { enabled: false },
  revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
} satisfies Configuration['features'];

/** A token is for one door, or for one server behind the MCP door (RFC 8707). HTTP clients get tokens for the MCP door only. */
export function resourceIndicators(issuer: string, settings: OAuthSettings) {
  const audiences = audienceUris(issuer);
  return {
    enabled: true,
    defaultResource: (_ctx, client, oneOf) =>
      oneOf?.[0] ?? (client.clientId === CLI_CLIENT_ID ? audiences.tunnel : audiences.mcp),
    useGrantedResource: () => true,
    getResourceServerInfo(ctx, resource, client) {
      const known = readResource(resource, issuer);
      const audience = canonicalResource(resource, issuer);
      if (known === undefined || audience === undefined)
        throw new errors.InvalidTarget('this broker has no such resource');
      if (client.clientId !== CLI_CLIENT_ID) {
        if (known.audience !== 'mcp') throw new errors.InvalidTarget('clients of this kind are for /mcp only');
        if (Array.isArray(ctx.oidc.params?.resource) && ctx.oidc.params.resource.length > 1)
          throw new errors.InvalidTarget('a token is for one resource; ask for one');
      }
      return {
        scope: known.audience === 'mcp' ? MCP_SCOPE : '',
        audience,
        accessTokenTTL: settings.accessTokenTtlS,
        accessTokenFormat: 'opaque',
      };
    },
  } satisfies NonNullable<Configuration['features']>['resourceIndicators'];
}
