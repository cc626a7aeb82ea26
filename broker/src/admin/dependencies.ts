// The other rooms' parts that the operations need. Identity and the tunnel are siblings of this room, so `broker.ts` injects them.
import type { EffectiveConfiguration } from 'mcpgate-shared/api/settings/settings-api';
import type { Clock } from 'mcpgate-shared/clock';
import type { Accounts } from '../accounts/accounts.ts';
import type { KeysEntry } from '../accounts/enter-keys.ts';
import type { OwnAccounts } from '../accounts/own-accounts.ts';
import type { SigningKeys } from '../assertions/assertions.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { ShowOthers } from '../replicas/show-others.ts';
import type { Audit } from '../audit/audit.ts';
import type { LogArchives } from '../audit/archive/archives.ts';
import type { LogProofs } from '../audit/proof/log-proofs.ts';
import type { Registry } from '../catalogue/registry/registry.ts';
import type { Definitions } from '../definitions/definitions.ts';
import type { Hooks } from '../hooks/create-hooks.ts';
import type { Identity } from '../identity/identity.ts';
import type { Store } from '../store/store.ts';
import type { TelemetryProblem } from '../telemetry/otlp-receiver.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { RecentActivity } from './activity/recent-activity.ts';
import type { Reload } from './reload/reload.ts';
import type { Backups } from './backups/backups.ts';
import type { BrokerName } from '../domain/bus.ts';
import type { Readiness } from '../domain/readiness.ts';
import type { AllowedCommand } from '../domain/transports/stdio-settings.ts';
import type { KeyRotation } from '../vault/key-rotation.ts';
import type { SecretWatch } from '../vault/secret-watch.ts';
import type { Vault } from '../vault/vault.ts';

/** `pending`: calls under way there that still carry an earlier version. */
export type SwitchSecretElsewhere = (
  secret: { workspaceId: string; name: string },
  waitMs?: number,
) => Promise<{ brokers: number; unconfirmed: string[]; pending: number }>;

/** An open link of the tunnel, as far as lists and counts need it. */
export interface LinkView {
  workspaceId: string;
  credentialId: string;
  /** The name of its person; null: nobody's grant. */
  user: string | null;
  channels: number;
  /** Calls under way. */
  pending: number;
}

/** How much the broker keeps in memory. */
export interface MemoryView {
  /** Messages that peers have not acknowledged yet. */
  backlogBytes: number;
  /** Messages that have come, and wait for a slow reader in the broker. */
  heldBytes: number;
  /** Parts of messages that have not wholly come yet. */
  partialBytes: number;
  /** Bytes in sockets that peers have not taken yet. */
  socketBytes: number;
  heapBytes: number;
  processBytes: number;
}

export interface BrokerFacts {
  version: string;
  url: string;
  pid: number;
  startedAt: number;
  dataDir: string;
  database: 'sqlite' | 'postgres';
  /** The newest migration, which the store has run when it was opened. */
  schemaVersion: string;
  durability: 'commit' | 'disk';
  readiness(): Promise<Readiness>;
  /** The other brokers over the same database. */
  replicas: { others(): readonly BrokerName[]; showOthers: ShowOthers };
}

export interface AdminDependencies {
  store: Store;
  vault: Vault;
  signingKeys: Pick<SigningKeys, 'list' | 'rotate'>;
  keys: Pick<KeyRotation, 'status' | 'begin'>;
  backups: Backups;
  /** After how many ms a backup is too old; undefined: nothing is said before there was one. */
  backupMaxAgeMs: () => number | undefined;
  reload: Reload;
  audit: Audit;
  activity: Pick<RecentActivity, 'of'>;
  proofs: LogProofs;
  archives: Pick<LogArchives, 'list' | 'run' | 'state'>;
  upstreams: Upstreams;
  definitions: Pick<Definitions, 'changed' | 'review' | 'instructions'>;
  accounts: Accounts;
  approvals: Approvals;
  hooks: Pick<Hooks, 'authorizer' | 'sender' | 'entries' | 'deliveries' | 'feeds'>;
  /** What the collector of the configuration does not take; none where there is no collector. */
  telemetryProblems: () => readonly TelemetryProblem[];
  ownAccounts: OwnAccounts;
  keysEntry: KeysEntry;
  /** Waits until no other broker begins a call with an earlier version of the secret, and as long as is said for those under way to end. */
  switchElsewhere: SwitchSecretElsewhere;
  secretWatch: Pick<SecretWatch, 'warnings'>;
  people: Pick<
    Identity,
    | 'users'
    | 'devices'
    | 'sessions'
    | 'groups'
    | 'grants'
    | 'adminTokens'
    | 'approveDevice'
    | 'within'
    | 'elsewhere'
    | 'signIn'
    | 'idp'
  >;
  /** The configuration as it holds now, by key. */
  effectiveConfiguration: () => EffectiveConfiguration;
  links: () => readonly LinkView[];
  memory: () => MemoryView;
  /** How late the event loop was in the last whole minute, in ms. */
  eventLoopDelay: () => { p50: number; p99: number; max: number };
  /** Makes this broker read the rules of a workspace again, so that a change holds from the next call on. */
  policyChanged: (workspaceId: string) => void;
  /** The names of secrets (of the first workspace) that the broker's configuration refers to. */
  secretsOfConfiguration: readonly string[];
  /** The commands of stdio servers that people may register who are no administrators of the first workspace. */
  allowedCommands: readonly AllowedCommand[];
  facts: BrokerFacts;
  isDraining: () => boolean;
  registry: Registry;
  clock: Clock;
}
