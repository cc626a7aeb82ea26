// Several brokers can share one database. This module applies the changes that the other brokers announce, through the same functions as
// changes made at this broker, and knows whether this broker hears the announcements.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Accounts } from '../accounts/accounts.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { SigningKeys } from '../assertions/assertions.ts';
import type { Audit } from '../audit/audit.ts';
import type { BrokerFigures, BrokerName, BusMessage } from '../domain/bus.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { Definitions } from '../definitions/definitions.ts';
import type { GatewayService } from '../gateway/gateway.ts';
import type { Elsewhere } from '../identity/identity.ts';
import type { Store } from '../store/store.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { KeyRotation } from '../vault/key-rotation.ts';
import type { Vault } from '../vault/vault.ts';
import { createEndElsewhere } from './end-elsewhere.ts';
import { createHearing } from './hearing.ts';
import { createShowOthers, type ShowOthers } from './show-others.ts';
import { createSwitchElsewhere, type SwitchElsewhere } from './switch-elsewhere.ts';

/** Doubts that follow each other within this time cause one re-reading together. */
const DOUBT_PAUSE_MS = 200;

/** The parts of the broker that keep copies of data in the store. */
export interface Keepers {
  gateway: Pick<GatewayService, 'policyChanged' | 'recheckPolicies'>;
  upstreams: Pick<Upstreams, 'reload' | 'refresh' | 'callsEnded'>;
  vault: Pick<Vault, 'elsewhere'>;
  accounts: Pick<Accounts, 'elsewhere' | 'serversChanged'>;
  approvals: Pick<Approvals, 'elsewhere'>;
  keys: Pick<KeyRotation, 'changed'>;
  /** The keys that sign. */
  assertions: Pick<SigningKeys, 'changed'>;
  definitions: Pick<Definitions, 'changed' | 'heard' | 'recheck'>;
  identity: { elsewhere: Elsewhere };
  /** How this broker is, for the others. */
  figures: () => BrokerFigures;
}

export interface Replicas {
  /** True while this broker does not hear the changes of the others, so that it may allow nothing. */
  readonly isDeaf: boolean;
  readonly endElsewhere: ReturnType<typeof createEndElsewhere>;
  readonly switchElsewhere: SwitchElsewhere;
  /** From now on applies the changes of the other brokers. Throws the errors of `Bus.open`. */
  follow(keepers: Keepers): Promise<void>;
  /** The other brokers that run now. */
  others(): readonly BrokerName[];
  /** How they are. */
  readonly showOthers: ShowOthers;
  /** The copies may be wrong: has everything read again. Where that takes longer than a second, nothing is allowed until it is done. */
  doubt(why: string): void;
  close(): void;
}

export function createReplicas(parts: {
  bus: Store['bus'];
  self: BrokerName;
  audit: Pick<Audit, 'event'>;
  log: Pick<BaseLogger, 'warn' | 'error' | 'info'>;
  clock: Clock;
}): Replicas {
  const { bus, self, audit, log, clock } = parts;
  let keepers: Keepers | undefined;
  let doubts = '';
  let cancelDoubt: (() => void) | undefined;

  const record = (type: string, data: Record<string, string | number>): void => {
    const common = { actor: 'broker', subject: `broker:${self.location}`, address: null };
    audit
      .event({ workspace_id: DEFAULT_WORKSPACE, type, ...common, data })
      .catch((error: unknown) => log.warn({ err: error, type }, 'an event could not be recorded'));
  };

  const hearing = createHearing({
    clock,
    async catchUp() {
      if (keepers === undefined) return 0;
      const ended = await keepers.identity.elsewhere.recheck();
      await keepers.gateway.recheckPolicies();
      await keepers.vault.elsewhere.recheck();
      keepers.keys.changed();
      keepers.assertions.changed();
      await keepers.upstreams.reload();
      await keepers.accounts.elsewhere.recheck();
      await keepers.accounts.serversChanged();
      await keepers.definitions.recheck();
      return ended;
    },
    onFailed: (error) => log.warn({ err: error }, 'what other brokers changed cannot be read; tried again'),
    onDeaf(why) {
      log.error({ why }, 'changes by other brokers are not heard: calls are refused until they are');
      record('broker.deaf', { why });
    },
    onCaughtUp({ wasDeaf, why, deafMs, ended }) {
      log.warn(
        { ms: deafMs, ended },
        'everything was read again, since a change by another broker may have been missed',
      );
      if (wasDeaf) record('broker.hears_again', { why, ms: deafMs, ended });
    },
  });

  async function apply(
    message: BusMessage,
    { figures, gateway, upstreams, vault, keys, assertions, accounts, approvals, identity, definitions }: Keepers,
  ): Promise<void> {
    switch (message.kind) {
      case 'policy':
        return gateway.policyChanged(message.workspaceId);
      case 'servers':
        await upstreams.reload();
        return accounts.serversChanged();
      case 'secret':
        return vault.elsewhere.changed(message);
      case 'account':
        return accounts.elsewhere.changed(message);
      case 'definitions':
        return definitions.changed(message);
      case 'listed':
        definitions.heard(message);
        // What the server tells one of its connections, it may tell the others late or never.
        return upstreams.refresh({ id: message.serverId });
      case 'approval':
        return approvals.elsewhere.changed(message);
      case 'people':
        return identity.elsewhere.changed(message.ids);
      case 'revoked': {
        const counts = await identity.elsewhere.revoked(message.revocations);
        // Where this fails, the broker that asked reports this one as not having confirmed the revocation.
        return bus
          .publish({ kind: 'ended', question: message.question, ...counts })
          .catch((error: unknown) => log.warn({ err: error }, 'the end of what was revoked could not be confirmed'));
      }
      case 'switched': {
        await vault.elsewhere.catchUp(message);
        const pending = await upstreams.callsEnded(message.workspaceId, message.name, message.waitMs);
        // Where this fails, the broker that asked says that this one has not confirmed it.
        return bus
          .publish({ kind: 'switched-too', question: message.question, pending })
          .catch((error: unknown) => log.warn({ err: error }, 'the use of a new secret could not be confirmed'));
      }
      case 'show':
        return bus
          .publish({ kind: 'shown', question: message.question, ...figures() })
          .catch((error: unknown) => log.warn({ err: error }, 'another broker could not be told how this one is'));
      case 'shown':
        return; // show-others.ts of the broker that asked listens for it
      case 'switched-too':
        return; // switch-elsewhere.ts of the broker that asked listens for it
      case 'keys':
        assertions.changed();
        return keys.changed();
      case 'master-key':
        return; // the rotation hears it
      case 'ended':
        return; // end-elsewhere.ts of the broker that asked listens for it
      case 'wanted':
        return; // the tunnel's handover.ts listens for it
    }
  }

  const stop = bus.listen((event) => {
    if (event.kind === 'lost') {
      log.warn({ why: event.why }, 'the connection on which other brokers are heard is lost');
      hearing.lost(event.since, event.why);
    } else if (event.kind === 'found') hearing.found();
    else if (event.kind === 'missed') {
      log.warn({ why: event.why }, 'a change by another broker may have been missed');
      hearing.missed(event.why);
    } else if (keepers !== undefined) {
      apply(event.message, keepers).catch((error: unknown) => {
        log.error({ err: error, kind: event.message.kind }, 'what another broker has changed could not be applied');
        hearing.missed('a change by another broker could not be applied');
      });
    }
  });

  return {
    get isDeaf() {
      return hearing.isDeaf;
    },
    endElsewhere: createEndElsewhere({ bus, clock }),
    switchElsewhere: createSwitchElsewhere({ bus, clock }),
    showOthers: createShowOthers({ bus, clock }),
    async follow(all) {
      keepers = all;
      await bus.open();
    },
    others: () => bus.others(),
    doubt(why) {
      doubts = why;
      cancelDoubt ??= clock.after(DOUBT_PAUSE_MS, () => {
        cancelDoubt = undefined;
        hearing.missed(doubts);
      });
    },
    close() {
      stop();
      cancelDoubt?.();
      hearing.close();
    },
  };
}
