// Where the daemon gets its access token: the stored grant (`MCPGATE_TOKEN`, `login --with-token`), or the refresh token in the
// keychain. One refresh at a time; the rotated refresh token is stored before the access token is used.

export type TokenResult =
  /** `expiresAt` in ms since the epoch; null: does not end by itself (a grant). */
  | { kind: 'token'; token: string; expiresAt: number | null }
  /** A definite answer: never logged in, `invalid_grant`, revoked. Only a login helps. */
  | { kind: 'login_needed'; message: string }
  /** A passing reason: no network, 5xx, keychain locked. Try again later. */
  | { kind: 'retry'; message: string };

export interface TokenSource {
  /** The broker's origin this source is for, e.g. `https://mcp.example.com`; undefined: never logged in. */
  readonly broker: string | undefined;
  /** The access token for the tunnel; refreshed where it ends within `minValidityMs`, or where the broker refused the last one (`force`). */
  token(options: { minValidityMs: number; force?: boolean; signal: AbortSignal }): Promise<TokenResult>;
}
