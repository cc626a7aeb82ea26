// What brokers over one database tell each other. Ids and counts, and of a channel's secret the hash: everybody who may connect to the
// database can listen.
import type { WantedChannel } from './channel-end.ts';
import type { Revocation } from './revocation.ts';

/** Something was changed of which brokers keep a copy in memory; what it is now, they read. */
export type Change =
  | { kind: 'policy'; workspaceId: string }
  /** Servers or workspaces. */
  | { kind: 'servers' }
  | { kind: 'secret'; workspaceId: string; name: string }
  /** Roles or groups of these people, by id. */
  | { kind: 'people'; ids: readonly string[] };

export type BusMessage =
  | Change
  /** Ended, and committed. Who holds something of it ends that and says how much it was. */
  | { kind: 'revoked'; question: string; revocations: readonly Revocation[] }
  | { kind: 'ended'; question: string; linksClosed: number; callsCancelled: number }
  /** The laptops of these channels of the run `broker` are elsewhere now: it shall leave them in the store as soon as nothing runs on them. */
  | { kind: 'wanted'; broker: string; channels: readonly WantedChannel[] };

/** One run of a broker. */
export interface BrokerName {
  /** Random: no other run has it. */
  name: string;
  /** Where it runs, for people: `HOST (process PID)`. */
  place: string;
}

/** What the bus tells whoever listens. */
export type BusEvent =
  | { kind: 'message'; from: BrokerName; message: BusMessage }
  /** From `since` (ms since the epoch) on nothing is heard. */
  | { kind: 'lost'; since: number; why: string }
  /** It is heard again, from now on: what was said meanwhile is not. */
  | { kind: 'found' }
  /** Something was said, or not said, that cannot be made up for but by reading everything again. */
  | { kind: 'missed'; why: string };

export interface Bus {
  /** Begins to hear, and tells the others that this broker is there. Before it nothing is heard. Throws `unavailable` and `config`. */
  open(): Promise<void>;
  /**
   * Resolves when this broker has heard it itself: whoever was there before it is known by then, and hears it too. Throws `unavailable`;
   * the others are then told, as soon as that is possible, that they have missed something.
   */
  publish(message: BusMessage): Promise<void>;
  /** A broker does not hear what it says itself. Returns the function that ends it. */
  listen(listener: (event: BusEvent) => void): () => void;
  /** Those that are there: heard of within the last seconds, as far as anything was heard. */
  others(): readonly BrokerName[];
  /** Those that were heard of in the last minutes, then no more, and took no leave: they were killed, or they are cut off and hold what they have. */
  silent(): readonly BrokerName[];
}
