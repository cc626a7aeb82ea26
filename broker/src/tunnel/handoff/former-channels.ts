// Channels whose laptop and broker have lost each other: what this broker leaves of its own, and what it finds out of those of others.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../../domain/bus.ts';
import type { Revocation } from '../../domain/revocation.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { createAwaitedChannels } from './awaited-channels.ts';
import { keptOf, type ChannelRegistry } from '../channels/channel-registry.ts';
import { createDepartures, type Departures, type DepartureStore } from './departures.ts';
import type { EndedChannels } from './ended-channels.ts';
import { createHandover } from './handover.ts';
import { createLeftChannels } from './left-channels.ts';

/** What brokers over one database have in common. */
export interface BetweenBrokers {
  departures: DepartureStore;
  leftChannels: Store['leftChannels'];
  /** Answers that are left for their peers are confidential. */
  vault: Pick<Vault, 'seal' | 'open'>;
  bus: Pick<Bus, 'publish' | 'others' | 'listen'>;
}

export interface FormerChannels extends Pick<Departures, 'fateOf'> {
  /** This broker takes leave of every peer. */
  leave(message: string): Promise<void>;
  /** The peer has heard everything of a channel that this run of a broker left. */
  heard(leftBy: string, id: string): void;
  /** Whoever was revoked gets nothing of what was left any more. */
  revoked(revocation: Revocation): Promise<void>;
  /** Those that another broker is asked for. */
  readonly awaited: number;
  close(): void;
}

export function createFormerChannels(options: {
  between: BetweenBrokers;
  broker: string;
  registry: ChannelRegistry;
  ended: EndedChannels;
  clock: Clock;
  /** How long peers may come back. */
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
