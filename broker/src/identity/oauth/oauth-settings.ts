// The OAuth server's lifetimes, and the names that it shares with the doors: scopes, the first-party client, and the URI of each door.
import type { Audience } from '../../domain/people/principal.ts';

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
/** The one scope of HTTP clients. Rules say what a client may do, and not scopes. */
export const MCP_SCOPE = 'mcp';
/** A client that registered itself, and that no person has approved, is forgotten after this time. */
export const UNUSED_CLIENT_TTL_MS = 7 * 86_400_000;
/** How many such clients are kept. Past it the oldest that are no longer new are forgotten; where all are new, no more may register for now. */
export const UNUSED_CLIENTS_MAX = 5_000;
/** How long a client counts as new: it has this time to send a person to the consent page. */
export const NEW_CLIENT_MS = 3_600_000;
/** How long a registration is kept after a person approved its client, or the client renewed its tokens. */
export const USED_CLIENT_TTL_MS = 90 * 86_400_000;

/** The URI of each door as a resource indicator (RFC 8707). `issuer`: without a slash at its end. */
export const audienceUris = (issuer: string): Readonly<Record<Audience, string>> => ({
  tunnel: `${issuer}/v1/tunnel`,
  mcp: `${issuer}/mcp`,
  api: `${issuer}/api/v1`,
});
