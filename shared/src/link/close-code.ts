// The codes with which a WebSocket between daemon and broker is closed: the broker's tunnel sends them, the daemon's link acts on them.
import { FRAME_MAX_BYTES, HEADER_BYTES } from './frame.ts';

/** Close codes of `/v1/tunnel` (contract.md). */
export const CLOSE_CODE = {
  /** The access token ended and was not renewed. */
  token: 4401,
  /** The user, device or grant was revoked: only a new login helps. */
  revoked: 4403,
  heartbeat: 4408,
  /** A newer link of the same daemon took over. */
  replaced: 4409,
  tooLarge: 4413,
  version: 4426,
  /** The daemon opened, renewed or pinged more often than any daemon needs to. */
  tooMany: 4429,
  /** RFC 6455: protocol error. */
  protocol: 1002,
  /** IANA registry: service restart. */
  draining: 1012,
} as const;

export const SUBPROTOCOL = 'mcpgate.v1';

/** The close code for a frame that `readFrame` refused. A frame of valid length is taken for one of another version of the protocol. */
export function closeCodeOfBadFrame(frame: Buffer): number {
  if (frame.length < HEADER_BYTES) return CLOSE_CODE.protocol;
  return frame.length > FRAME_MAX_BYTES ? CLOSE_CODE.tooLarge : CLOSE_CODE.version;
}
