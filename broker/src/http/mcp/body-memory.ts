// Bounds the memory that request bodies take, for each owner and for all together. Bytes count as they arrive, so a length that is only announced
// takes nothing from others. The first 64 KiB of each body do not count for the sum of all, so that large bodies never prevent small calls.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { GateError } from 'mcpgate-shared/error';

export interface BodyMemory {
  /** Begins to count one body of this owner. */
  open(owner: string): BodyShare;
  readonly bytes: number;
}

export interface BodyShare {
  /** Counts bytes that have arrived. Throws `throttled` where the owner's memory is used up, `unavailable` where that of all is. */
  take(bytes: number): void;
  /** Gives all bytes of this body back. May be called again, and then does nothing. */
  free(): void;
}

/** How much of each body does not count for the sum of all. */
const SMALL_BYTES = 64 * 1024;
const RETRY_AFTER_MS = 2_000;

export function createBodyMemory(limits: { ownerBytes: number; totalBytes: number }): BodyMemory {
  const byOwner = new Map<string, number>();
  let total = 0;
  let large = 0;

  return {
    get bytes() {
      return total;
    },
    open(owner) {
      let own = 0;
      const largePart = (bytes: number) => Math.max(0, bytes - SMALL_BYTES);
      return {
        take(bytes) {
          const wait = { retryAfterMs: RETRY_AFTER_MS };
          const ofOwner = (byOwner.get(owner) ?? 0) + bytes;
          if (ofOwner > limits.ownerBytes) {
            const text = `the messages of this login that are under way are longer than ${formatByteSize(limits.ownerBytes)} together; wait for some to end`;
            throw new GateError('throttled', text, wait);
          }
          const more = largePart(own + bytes) - largePart(own);
          if (large + more > limits.totalBytes) {
            throw new GateError(
              'unavailable',
              'too many large messages are under way here; try again in a moment',
              wait,
            );
          }
          byOwner.set(owner, ofOwner);
          own += bytes;
          total += bytes;
          large += more;
        },
        free() {
          const rest = (byOwner.get(owner) ?? 0) - own;
          if (rest > 0) byOwner.set(owner, rest);
          else byOwner.delete(owner);
          total -= own;
          large -= largePart(own);
          own = 0;
        },
      };
    },
  };
}
