// What becomes of a channel that this broker does not have: it, or the broker before it, may know how far the channel had got.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { OpenMessage } from 'mcpgate-shared/link-message';
import type { ChannelEnd, Departure } from '../domain/channel-end.ts';
import type { EndedChannels } from './ended-channels.ts';

/** Where departures are kept. */
export interface DepartureStore {
  put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
  find(broker: string, now: number): Promise<Departure | undefined>;
}

/** `unknown`: nobody can tell. A number: what came before it was taken. */
export type ChannelFate = { kind: 'unknown' } | { kind: 'foreign' } | { kind: 'taken'; taken: number };

export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Departures whose channels come back are kept in memory: all of them come at once. */
const REMEMBERED = 4;

interface Remembered {
  ends: ReadonlyMap<string, ChannelEnd>;
  isComplete: boolean;
}

export interface Departures {
  /** Of a channel that is asked for by its name and is not here. */
  fateOf(open: OpenMessage, owner: string): Promise<ChannelFate>;
  /** This broker ends, and takes nothing any more: keeps what is known of its channels. */
  leave(): Promise<void>;
}

export function createDepartures(options: {
  broker: string;
  store: DepartureStore;
  ended: EndedChannels;
  clock: Clock;
  /** How long peers may come back. */
  keepMs: number;
}): Departures {
  const { broker, store, ended, clock, keepMs } = options;

  const remembered = new Map<string, Promise<Remembered | undefined>>();

  const read = async (name: string): Promise<Remembered | undefined> => {
    const departure = await store.find(name, clock.now());
    if (departure === undefined) remembered.delete(name); // it may come yet, with several brokers
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

  return {
    async fateOf(open, owner) {
      if (open.broker === undefined) return { kind: 'unknown' };
      if (open.broker === broker) return fateFrom(ended.find(open.id), ended.isComplete, open, owner);
      const departure = await departureOf(open.broker);
      if (departure === undefined) return { kind: 'unknown' };
      return fateFrom(departure.ends.get(open.id), departure.isComplete, open, owner);
    },
    async leave() {
      const departure = { broker, ends: ended.all, isComplete: ended.isComplete };
      const now = clock.now();
      await store.put(departure, { expiresAt: now + keepMs, now });
    },
  };
}
