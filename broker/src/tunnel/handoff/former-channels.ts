// Channels whose laptops are at another broker than the one that has them. This module gives up channels of this broker for others to go on
// with, and finds out for its own laptops what became of channels at other brokers.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../../domain/bus.ts';
import type { Revocation } from '../../domain/people/revocation.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { createAwaitedChannels } from './awaited-channels.ts';
import { keptOf, type ChannelRegistry } from '../channels/channel-registry.ts';
import { createDepartures, type Departures, type DepartureStore } from './departures.ts';
import type { EndedChannels } from './ended-channels.ts';
import { createHandover } from './handover.ts';
import { createLeftChannels } from './left-channels.ts';

/** What the brokers over one database share. */
export interface BetweenBrokers {
  departures: DepartureStore;
  leftChannels: Store['leftChannels'];
  /** Seals the answers that wait in the store for their laptops, because answers are confidential. */
  vault: Pick<Vault, 'seal' | 'open'>;
  bus: Pick<Bus, 'publish' | 'others' | 'listen'>;
}

export interface FormerChannels extends Pick<Departures, 'fateOf'> {
  /** Gives up all channels when this broker ends; laptops are told `message`. */
  leave(message: string): Promise<void>;
  /** The laptop has acknowledged all answers of a channel that the broker run `leftBy` gave up: they are deleted. */
  heard(leftBy: string, id: string): void;
  /** Deletes all kept answers of revoked owners. */
  revoked(revocation: Revocation): Promise<void>;
  /** How many channels other brokers are being asked for. */
  readonly awaited: number;
  close(): void;
}

export function createFormerChannels(options: {
  between: BetweenBrokers;
  broker: string;
  registry: ChannelRegistry;
  ended: EndedChannels;
  clock: Clock;
  /** How long laptops may come back for their channels. */
  keepMs: number;
  onError: (error: unknown) => void;
}): FormerChannels {
  const { between, registry, ended, keepMs, onError } = options;
  const { bus, vault, leftChannels: store } = between;
  const left = createLeftChannels({ ...options, store, vault });
  const awaited = createAwaitedChannels({ ...options, store, bus, limitMs: keepMs });
  const handover = createHandover({ ...options, bus, left });
  const departures = createDepartures({ ...options, store: between.departures, ended, left, awaited });

  return {
    fateOf: (open, owner, isOver) => departures.fateOf(open, owner, isOver),
    async leave(message) {
      handover.close();
      const lefts = registry.leave(message).flatMap((channel) => {
        const kept = channel.leftBy === undefined ? keptOf(channel) : undefined;
        return kept === undefined ? [] : [{ end: channel.end(), kept }];
      });
      await departures.leave(lefts).catch(onError);
    },
    heard: (leftBy, id) => void left.delivered(leftBy, id).catch(onError),
    revoked: (revocation) => left.revoked(revocation).catch(onError),
    get awaited() {
      return awaited.size;
    },
    close() {
      handover.close();
      awaited.close();
      left.close();
    },
  };
}
