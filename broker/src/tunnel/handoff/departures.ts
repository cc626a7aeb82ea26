// Finds out what became of a channel that a laptop wants to resume and that is not in this broker's memory. This run, an earlier run or another
// broker may have recorded up to which message the channel was read. At its end, a broker writes that record (its departure).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { OpenMessage } from 'mcpgate-shared/link/link-message';
import type { ChannelEnd, Departure } from '../../domain/channel-end.ts';
import type { AwaitedChannels } from './awaited-channels.ts';
import type { EndedChannels } from './ended-channels.ts';
import type { Left, LeftChannels } from './left-channels.ts';

/** The part of the store that keeps departures. */
export interface DepartureStore {
  put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
  find(broker: string, now: number): Promise<Departure | undefined>;
}

/**
 * `unknown`: no broker knows the channel. `foreign`: it belongs to another owner or has another secret. `taken`: everything before this sequence
 * number was read; `kept`: answers that the laptop has not got yet.
 */
export type ChannelFate =
  { kind: 'unknown' } | { kind: 'foreign' } | { kind: 'taken'; taken: number; kept?: KeptFragments };

export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** How many departures stay in memory: after a broker has ended, all of its laptops ask for the same one at once. */
const REMEMBERED = 4;

interface Remembered {
  ends: ReadonlyMap<string, ChannelEnd>;
  isComplete: boolean;
}

export interface Departures {
  /** The fate of a channel that is not in memory. Where another broker has it, waits until that one gives it up, or until `isOver` returns true. */
  fateOf(open: OpenMessage, owner: string, isOver: () => boolean): Promise<ChannelFate>;
  /**
   * Writes what this broker knows of its channels into the store when it ends and reads no more messages. `lefts`: channels with undelivered
   * answers.
   */
  leave(lefts: readonly Left[]): Promise<void>;
}

export function createDepartures(options: {
  broker: string;
  store: DepartureStore;
  ended: EndedChannels;
  left: LeftChannels;
  awaited: Pick<AwaitedChannels, 'until'>;
  clock: Clock;
  /** How long laptops may come back for their channels. */
  keepMs: number;
  onError: (error: unknown) => void;
}): Departures {
  const { broker, store, ended, left, awaited, clock, keepMs } = options;

  const remembered = new Map<string, Promise<Remembered | undefined>>();

  const read = async (name: string): Promise<Remembered | undefined> => {
    const departure = await store.find(name, clock.now());
    if (departure === undefined) remembered.delete(name); // another broker may still write it
    return departure && { ...departure, ends: new Map(departure.ends.map((end) => [end.id, end])) };
  };
  const departureOf = (name: string): Promise<Remembered | undefined> => {
    const known = remembered.get(name);
    if (known !== undefined) return known;
    for (const oldest of remembered.keys()) if (remembered.size >= REMEMBERED) remembered.delete(oldest);
    const reading = read(name);
    remembered.set(name, reading);
    reading.catch(() => remembered.delete(name));
    return reading;
  };

  const fateFrom = (
    end: ChannelEnd | undefined,
    isComplete: boolean,
    open: OpenMessage,
    owner: string,
  ): ChannelFate => {
    if (end === undefined) return isComplete ? { kind: 'taken', taken: 0 } : { kind: 'unknown' };
    const isIts = end.owner === owner && timingSafeEqual(hashOfSecret(open.secret), Buffer.from(end.secretHash, 'hex'));
    return isIts ? { kind: 'taken', taken: end.taken } : { kind: 'foreign' };
  };

  const fateOfLeft = async (at: string, open: OpenMessage, owner: string): Promise<ChannelFate | undefined> => {
    const found = await left.find(at, open.id);
    if (found === undefined) return undefined;
    const fate = fateFrom(found.end, true, open, owner);
    return fate.kind === 'taken' && found.kept !== undefined ? { ...fate, kept: found.kept } : fate;
  };

  /** Reads the departure before the channel: a broker writes it last, so once it is there, so are all channels that the broker gave up. */
  const lookUp = async (at: string, open: OpenMessage, owner: string): Promise<ChannelFate | undefined> => {
    const departure = await departureOf(at);
    const fate = await fateOfLeft(at, open, owner);
    if (fate !== undefined || departure === undefined) return fate;
    return fateFrom(departure.ends.get(open.id), departure.isComplete, open, owner);
  };

  return {
    async fateOf(open, owner, isOver) {
      const { broker: at, id } = open;
      if (at === undefined) return { kind: 'unknown' };
      if (at === broker) {
        const fate = left.has(id) ? await fateOfLeft(at, open, owner) : undefined;
        return fate ?? fateFrom(ended.find(id), ended.isComplete, open, owner);
      }
      const fate = await lookUp(at, open, owner);
      if (fate !== undefined) return fate;
      await awaited.until(at, { id, owner, secretHash: hashOfSecret(open.secret).toString('hex') }, isOver);
      return (await lookUp(at, open, owner)) ?? { kind: 'unknown' };
    },
    async leave(lefts) {
      for (const one of lefts) left.add(one);
      await left.write().catch(options.onError);
      const departure = { broker, ends: ended.all, isComplete: ended.isComplete };
      const now = clock.now();
      await store.put(departure, { expiresAt: now + keepMs, now });
    },
  };
}
