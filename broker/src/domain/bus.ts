// The messages that brokers over one database send each other, and the bus that carries them. Messages hold ids and counts, and of a channel's
// secret the hash only, because everybody who may connect to the database can listen.
import type { AccountOwner } from './people/account.ts';
import type { WantedChannel } from './channel-end.ts';
import type { Revocation } from './people/revocation.ts';

/** The store changed something that brokers keep a copy of in memory. The message names it only; each broker reads the new state itself. */
export type Change =
  | { kind: 'policy'; workspaceId: string }
  /** Servers or workspaces. */
  | { kind: 'servers' }
  | { kind: 'secret'; workspaceId: string; name: string }
  /** Made, replaced, expired or ended; a refresh alone is no change. */
  | { kind: 'account'; workspaceId: string; serverId: string; owner: AccountOwner }
  /** Roles or groups of these people, by id. */
  | { kind: 'people'; ids: readonly string[] }
  /** Some were accepted. */
  | { kind: 'definitions'; workspaceId: string; serverId: string }
  /** The server lists something that it has never listed before. */
  | { kind: 'listed'; workspaceId: string; serverId: string }
  /** Asked, decided or used. */
  | { kind: 'approval'; workspaceId: string; id: string }
  /** The master key, which data keys there are, or the keys that sign. */
  | { kind: 'keys' };

export type BusMessage =
  | Change
  /** These revocations are committed. Each broker ends the links, sessions and calls that it has of them, and answers with `ended`. */
  | { kind: 'revoked'; question: string; revocations: readonly Revocation[] }
  /** The answer to `revoked`; `question` is that of the message that it answers. */
  | { kind: 'ended'; question: string; linksClosed: number; callsCancelled: number }
  /**
   * Another version of this secret is current, which is committed. Each broker answers with `switched-too` once no new call of its own carries an
   * earlier one, and it has waited so long at most for calls that do to end: how many still are `pending`.
   */
  | { kind: 'switched'; question: string; workspaceId: string; name: string; waitMs: number }
  | { kind: 'switched-too'; question: string; pending: number }
  /** Each broker answers with `shown`. */
  | { kind: 'show'; question: string }
  | ({ kind: 'shown'; question: string } & BrokerFigures)
  /**
   * Said while the master key is rotated: the sender's key file, at this path, holds the master key with this id. The rotation ends when the
   * files of all brokers hold the new key.
   */
  | { kind: 'master-key'; id: string; file: string }
  /**
   * The laptops of these channels are connected to the sender now. The run `broker`, which still has the channels, is to leave each of them in
   * the store as soon as no call runs on it, so that the sender can take it from there.
   */
  | { kind: 'wanted'; broker: string; channels: readonly WantedChannel[] };

/** What a broker says of itself to the others; `startedAt` in ms since the epoch. */
export interface BrokerFigures {
  version: string;
  startedAt: number;
  links: number;
  channels: number;
  isDraining: boolean;
}

/** Names one run of a broker: a process, from its start to its end. */
export interface BrokerName {
  /** Random: no other run has it. */
  name: string;
  /** The host and process that the broker runs in, for people to read: `HOST (process PID)`. */
  location: string;
}

/** What the bus tells its listeners within this broker. */
export type BusEvent =
  | { kind: 'message'; from: BrokerName; message: BusMessage }
  /** The bus has heard nothing since `since` (ms since the epoch), and may miss messages from then on. */
  | { kind: 'lost'; since: number; why: string }
  /** The bus hears messages again. Those that were sent since `lost` are not delivered later. */
  | { kind: 'found' }
  /** At least one message of another broker did not arrive, or was never sent. The listener must read again everything that it keeps a copy of. */
  | { kind: 'missed'; why: string };

export interface Bus {
  /** Begins to listen, and tells the other brokers that this one is there. Throws `unavailable` and `config`. */
  open(): Promise<void>;
  /**
   * Sends a message to the other brokers. Resolves when this broker has received its own message back: by then it knows every broker that was
   * there before, and each of these receives the message too. Throws `unavailable`; the other brokers are then told, as soon as that is
   * possible, that they have missed something.
   */
  publish(message: BusMessage): Promise<void>;
  /** Calls `listener` with each event; messages of this broker itself are left out. Returns the function that removes the listener. */
  listen(listener: (event: BusEvent) => void): () => void;
  /** The other brokers that sent something within the last seconds of the time in which this broker could hear. */
  others(): readonly BrokerName[];
  /**
   * Brokers that sent something within the last minutes, then stopped without saying that they leave. Each was either killed, or is cut off
   * from the database and still has its links and sessions.
   */
  silent(): readonly BrokerName[];
}
