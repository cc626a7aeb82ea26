// What becomes of a channel that this broker does not have: it, or the broker before it, may know how far the channel had got.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { OpenMessage } from 'mcpgate-shared/link/link-message';
import type { ChannelEnd, Departure } from '../../domain/channel-end.ts';
import type { AwaitedChannels } from './awaited-channels.ts';
import type { EndedChannels } from './ended-channels.ts';
import type { Left, LeftChannels } from './left-channels.ts';

/** Where departures are kept. */
export interface DepartureStore {
  put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
  find(broker: string, now: number): Promise<Departure | undefined>;
}

/** `unknown`: nobody can tell. A number: what came before it was taken; `kept`: what its peer has still to hear. */
export type ChannelFate =
  { kind: 'unknown' } | { kind: 'foreign' } | { kind: 'taken'; taken: number; kept?: KeptFragments };

export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Departures whose channels come back are kept in memory: all of them come at once. */
const REMEMBERED = 4;

interface Remembered {
  ends: ReadonlyMap<string, ChannelEnd>;
  isComplete: boolean;
}

export interface Departures {
  /** Of a channel that is asked for by its name and is not here. Where another broker has it, it waits for that one, until `isOver`. */
  fateOf(open: OpenMessage, owner: string, isOver: () => boolean): Promise<ChannelFate>;
  /** This broker ends, and takes nothing any more: keeps what is known of its channels. `lefts`: those whose peers have still to hear something. */
  leave(lefts: readonly Left[]): Promise<void>;
}

export function createDepartures(options: {
  broker: string;
  store: DepartureStore;
  ended: EndedChannels;
  left: LeftChannels;
  awaited: Pick<AwaitedChannels, 'until'>;
  clock: Clock;
  /** How long peers may come back. */
  keepMs: number;
  onError: (error: unknown) => void;
}): Departures {
  const { broker, store, ended, left, awaited, clock, keepMs } = options;

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

  const fateOfLeft = async (at: string, open: OpenMessage, owner: string): Promise<ChannelFate | undefined> => {
    const found = await left.find(at, open.id);
    if (found === undefined) return undefined;
    const fate = fateFrom(found.end, true, open, owner);
    return fate.kind === 'taken' && found.kept !== undefined ? { ...fate, kept: found.kept } : fate;
  };

  /** The departure first: it is written last, so that behind it every channel is found that was left. */
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
