// The lifetimes of the OAuth server and the names that it and the tunnel, MCP and API doors agree on.
import type { Audience } from '../../domain/principal.ts';

export interface OAuthSettings {
  accessTokenTtlS: number;
  /** How long a laptop may stay away before it must log in again; counted anew by each refresh. */
  refreshTokenTtlS: number;
  deviceCodeTtlS: number;
  /** How often a device may ask whether its login is approved. */
  pollIntervalS: number;
}

export const DEFAULT_OAUTH_SETTINGS: OAuthSettings = {
  accessTokenTtlS: 600,
  refreshTokenTtlS: 30 * 86_400,
  deviceCodeTtlS: 600,
  pollIntervalS: 2,
};

/** The first-party client; public, device flow only. */
export const CLI_CLIENT_ID = 'mcpgate-cli';
export const LOGIN_SCOPE = 'openid offline_access';

/** The resource indicators (RFC 8707), one for each door; `issuer` without a slash at its end. */
export const audienceUris = (issuer: string): Readonly<Record<Audience, string>> => ({
  tunnel: `${issuer}/v1/tunnel`,
  mcp: `${issuer}/mcp`,
  api: `${issuer}/api/v1`,
});
