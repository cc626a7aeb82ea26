// The format of frames, which travel between `serve`, the daemon and the broker: a 16-byte header and a payload. Only the two ends of a channel
// look into the payload. All numbers are big-endian.
//
//   0 kind u8 | 1 flags u8 | 2 zero u16 | 4 channel u32 | 8 sequence u32 | 12 acknowledgement u32 | 16 payload

export const HEADER_BYTES = 16;
/** The longest payload of one frame; longer messages travel as fragments, so that channels can take turns. */
export const FRAGMENT_BYTES = 64 * 1024 - HEADER_BYTES;
export const FRAME_MAX_BYTES = HEADER_BYTES + FRAGMENT_BYTES;
/** Channel 0 carries control messages between the two ends of the link itself. */
export const LINK_CHANNEL = 0;

export const FrameKind = {
  /** A fragment of a message; counts in the sequence. */
  data: 1,
  /** Acknowledgement only. */
  ack: 2,
  /** Opens or resumes a channel; payload: OpenMessage. */
  open: 3,
  /** The answer to `open`; payload: OpenedMessage. */
  opened: 4,
  /** Ends a channel for good; payload: CloseMessage. */
  close: 5,
  /** On channel 0 only: a LinkMessage or, on the local socket, a control message. */
  control: 6,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Set on the last fragment of a message. */
export const FLAG_FINAL = 1;

export interface FrameHeader {
  kind: FrameKind;
  flags: number;
  channel: number;
  /** `data`: the fragment's number in its direction, from 0. */
  seq: number;
  /** The next sequence number that the sender of this frame expects: everything before it has been consumed. */
  ack: number;
}

/** Reads the header of a frame. Returns a sentence where the frame is not valid. */
export function readFrame(frame: Buffer): FrameHeader | string {
  if (frame.length < HEADER_BYTES) return `a frame of ${frame.length} bytes is shorter than its header`;
  if (frame.length > FRAME_MAX_BYTES) return `a frame of ${frame.length} bytes is longer than ${FRAME_MAX_BYTES}`;
  const kind = frame[0] as FrameKind;
  if (kind < FrameKind.data || kind > FrameKind.control) return `unknown frame kind ${kind}`;
  const flags = frame[1] ?? 0;
  if (flags > FLAG_FINAL || frame.readUInt16BE(2) !== 0) return 'reserved bits are set';
  return {
    kind,
    flags,
    channel: frame.readUInt32BE(4),
    seq: frame.readUInt32BE(8),
    ack: frame.readUInt32BE(12),
  };
}

/** A frame with its payload copied in. `headroomBytes` are left free before it, for a carrier's own prefix. */
export function writeFrame(header: FrameHeader, payload: Uint8Array, headroomBytes = 0): Buffer {
  const bytes = Buffer.allocUnsafe(headroomBytes + HEADER_BYTES + payload.length);
  const frame = headroomBytes === 0 ? bytes : bytes.subarray(headroomBytes);
  frame[0] = header.kind;
  frame[1] = header.flags;
  frame.writeUInt16BE(0, 2);
  frame.writeUInt32BE(header.channel, 4);
  frame.writeUInt32BE(header.seq, 8);
  frame.writeUInt32BE(header.ack, 12);
  frame.set(payload, HEADER_BYTES);
  return bytes;
}

/** Overwrites the channel number in a frame; the daemon changes nothing else. */
export function setChannel(frame: Buffer, channel: number): void {
  frame.writeUInt32BE(channel, 4);
}
