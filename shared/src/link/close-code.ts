import { FRAME_MAX_BYTES, HEADER_BYTES } from './frame.ts';

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
  /** More of something than any peer needs: channels, renewals, pings. */
  tooMany: 4429,
  /** RFC 6455: a peer that breaks the protocol. */
  protocol: 1002,
  /** IANA registry: service restart. */
  draining: 1012,
} as const;

export const SUBPROTOCOL = 'mcpgate.v1';

/** The close code for bytes that `readFrame` refused: kinds and bits that this version does not know are another version's. */
export function closeCodeOfBadFrame(frame: Buffer): number {
  if (frame.length < HEADER_BYTES) return CLOSE_CODE.protocol;
  return frame.length > FRAME_MAX_BYTES ? CLOSE_CODE.tooLarge : CLOSE_CODE.version;
}
