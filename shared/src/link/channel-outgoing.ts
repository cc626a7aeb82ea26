// The sending half of a channel's end: cuts messages into fragments, keeps them until the other end has consumed them, and sends them again after a
// `rewind`.
import { FLAG_FINAL, FRAGMENT_BYTES, HEADER_BYTES } from './frame.ts';

const SEQ_MAX = 0xffff_fffe;

interface Fragment {
  /** Several parts where the fragment extends over several parts of its message; they are joined when it is sent. */
  payload: Uint8Array | readonly Uint8Array[];
  bytes: number;
  flags: number;
}

/** The fragments that the other end has not consumed, in order. `first`: the sequence number of the first one. `flags`: those of its frame. */
export interface KeptFragments {
  first: number;
  fragments: readonly { payload: Uint8Array; flags: number }[];
}

export interface Outgoing {
  /** Cuts a message into fragments and keeps them. False: the sequence numbers are used up. */
  queue(message: Uint8Array | readonly Uint8Array[], messageBytes: number): boolean;
  /** The next fragment to send, if it fits into the window of the other end. Its sequence number is `nextSend` before the call. */
  take(peerWindowBytes: number): Fragment | undefined;
  /** Drops all fragments before `peerNext`, which the other end has consumed. False: that is more than was ever sent. */
  acknowledge(peerNext: number): boolean;
  /** Has everything that is not acknowledged sent again. */
  rewind(): void;
  /** All fragments that are not acknowledged. */
  kept(): KeptFragments;
  /** The sequence number of the oldest fragment that is kept. */
  readonly oldest: number;
  readonly nextSend: number;
  /** The sequence number that the next queued fragment will get. */
  readonly end: number;
  /** The bytes of all kept fragments with their headers, because many small messages cost memory too. */
  readonly bytes: number;
}

/** Replaces consumed fragments in the array, so that their bytes can be freed before the array is compacted. */
const CONSUMED: Fragment = { payload: new Uint8Array(0), bytes: 0, flags: 0 };

/** Cuts a message of several fragments without copying it. */
function pushFragments(fragments: Fragment[], message: readonly Uint8Array[], bytes: number): void {
  let leftBytes = bytes;
  let payload: Uint8Array[] = [];
  let room = FRAGMENT_BYTES;
  for (const part of message) {
    for (let offset = 0; offset < part.length;) {
      const piece = part.subarray(offset, offset + room);
      offset += piece.length;
      room -= piece.length;
      leftBytes -= piece.length;
      payload.push(piece);
      if (room > 0 && leftBytes > 0) continue;
      const flags = leftBytes === 0 ? FLAG_FINAL : 0;
      fragments.push({ payload: payload.length === 1 ? piece : payload, bytes: FRAGMENT_BYTES - room, flags });
      payload = [];
      room = FRAGMENT_BYTES;
    }
  }
}

const costOf = (fragment: Fragment | undefined) => HEADER_BYTES + (fragment?.bytes ?? 0);

/** `kept`: fragments of an earlier end of this channel that are still to be sent. */
export function createOutgoing(kept: KeptFragments = { first: 0, fragments: [] }): Outgoing {
  // fragments[head] has the sequence number `oldest`; everything before `nextSend` was sent on the present link.
  let fragments: Fragment[] = kept.fragments.map((each) => ({ ...each, bytes: each.payload.length }));
  let head = 0;
  let oldest = kept.first;
  let nextSend = oldest;
  let bytes = fragments.reduce((sum, fragment) => sum + costOf(fragment), 0);
  let inFlight = 0;

  const end = () => oldest + fragments.length - head;

  return {
    queue(message, messageBytes) {
      const before = fragments.length;
      if (messageBytes <= FRAGMENT_BYTES) fragments.push({ payload: message, bytes: messageBytes, flags: FLAG_FINAL });
      else pushFragments(fragments, message instanceof Uint8Array ? [message] : message, messageBytes);
      bytes += messageBytes + HEADER_BYTES * (fragments.length - before);
      return end() <= SEQ_MAX;
    },

    take(peerWindowBytes) {
      if (nextSend >= end() || (inFlight > 0 && inFlight >= peerWindowBytes)) return undefined;
      const fragment = fragments[head + nextSend - oldest];
      if (fragment === undefined) return undefined;
      nextSend += 1;
      inFlight += costOf(fragment);
      return fragment;
    },

    acknowledge(peerNext) {
      if (peerNext < oldest) return true; // an older acknowledgement that arrives late
      if (peerNext > end()) return false;
      while (oldest < peerNext) {
        const cost = costOf(fragments[head]);
        fragments[head] = CONSUMED;
        head += 1;
        bytes -= cost;
        if (oldest < nextSend) inFlight -= cost;
        oldest += 1;
      }
      if (nextSend < oldest) nextSend = oldest;
      if (head === fragments.length) {
        fragments = [];
        head = 0;
      } else if (head > 1024 && head * 2 > fragments.length) {
        fragments = fragments.slice(head);
        head = 0;
      }
      return true;
    },

    rewind() {
      nextSend = oldest;
      inFlight = 0;
    },

    kept: () => ({
      first: oldest,
      fragments: fragments.slice(head).map(({ payload, flags }) => ({
        payload: payload instanceof Uint8Array ? payload : Buffer.concat(payload),
        flags,
      })),
    }),

    get oldest() {
      return oldest;
    },
    get nextSend() {
      return nextSend;
    },
    get end() {
      return end();
    },
    get bytes() {
      return bytes;
    },
  };
}
