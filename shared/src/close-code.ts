/** Close codes of `/v1/tunnel` (contract.md). */
export const CLOSE_CODE = {
  /** The access token ended and was not renewed. */
  token: 4401,
  /** User, device or grant were revoked: only a new login helps. */
  revoked: 4403,
  heartbeat: 4408,
  /** A newer link of the same daemon took over. */
  replaced: 4409,
  tooLarge: 4413,
  version: 4426,
  /** RFC 6455: a peer that breaks the protocol. */
  protocol: 1002,
  /** IANA registry: service restart. */
  draining: 1012,
} as const;

export const SUBPROTOCOL = 'mcpgate.v1';
