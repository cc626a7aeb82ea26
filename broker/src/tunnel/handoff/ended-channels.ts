// Remembers of each ended channel up to which message it was read, for as long as its laptop may come back and ask.
import type { Clock } from 'mcpgate-shared/clock';
import type { ChannelEnd } from '../../domain/channel-end.ts';

/** Each takes some hundred bytes. */
const KEPT_MAX = 20_000;

export interface EndedChannels {
  add(end: ChannelEnd): void;
  find(id: string): ChannelEnd | undefined;
  readonly all: readonly ChannelEnd[];
  /** False: too many channels ended and some were forgotten early, so a channel that is not found may have existed. */
  readonly isComplete: boolean;
}

export function createEndedChannels(options: { clock: Clock; keepMs: number; max?: number }): EndedChannels {
  const { clock, keepMs, max = KEPT_MAX } = options;
  /** By channel id, the oldest first. */
  const ended = new Map<string, { end: ChannelEnd; at: number }>();
  let forgottenAt = Number.NEGATIVE_INFINITY;

  return {
    add(end) {
      const now = clock.now();
      ended.delete(end.id);
      ended.set(end.id, { end, at: now });
      for (const [id, { at }] of ended) {
        const isOld = now - at > keepMs;
        if (!isOld && ended.size <= max) return;
        ended.delete(id);
        if (!isOld) forgottenAt = at;
      }
    },
    find: (id) => ended.get(id)?.end,
    get all() {
      return [...ended.values()].map(({ end }) => end);
    },
    get isComplete() {
      return clock.now() - forgottenAt > keepMs;
    },
  };
}
