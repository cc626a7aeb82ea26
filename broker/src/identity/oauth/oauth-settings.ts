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
/** The one scope of HTTP clients; what they may do is said by rules, not by scopes. */
export const MCP_SCOPE = 'mcp';
/** A client that registered itself and was let in by nobody is forgotten after this. */
export const UNUSED_CLIENT_TTL_MS = 7 * 86_400_000;
/** So many of these are kept. Past it those go that are not new any more, the oldest first; where all are new, there are no more for now. */
export const UNUSED_CLIENTS_MAX = 5_000;
/** A client that registered itself is left so much time to come back with a person. */
export const NEW_CLIENT_MS = 3_600_000;
/** How long a registration is kept from the day its client was let in or renewed its tokens. */
export const USED_CLIENT_TTL_MS = 90 * 86_400_000;

/** The resource indicators (RFC 8707), one for each door; `issuer` without a slash at its end. */
export const audienceUris = (issuer: string): Readonly<Record<Audience, string>> => ({
  tunnel: `${issuer}/v1/tunnel`,
  mcp: `${issuer}/mcp`,
  api: `${issuer}/api/v1`,
});
