// What the administration needs of the rest. People and live links belong to siblings (identity, tunnel): they are injected.
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { Store } from '../store/store.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { BrokerName } from '../domain/bus.ts';
import type { Readiness } from '../domain/readiness.ts';
import type { AllowedCommand } from '../domain/stdio-settings.ts';
import type { Vault } from '../vault/vault.ts';

/** A live WebSocket, as far as lists and counts need it. */
export interface LinkView {
  workspaceId: string;
  credentialId: string;
  channels: number;
}

/** What the broker keeps in memory. */
export interface MemoryView {
  /** For peers, until they acknowledge it. */
  backlogBytes: number;
  /** For slow readers in the broker. */
  heldBytes: number;
  /** Of messages that have not wholly come. */
  partialBytes: number;
  /** In sockets whose peers have not taken it. */
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
  readiness(): Promise<Readiness>;
  /** The others over the same database. */
  replicas: { others(): readonly BrokerName[] };
}

export interface AdminDependencies {
  store: Store;
  vault: Vault;
  audit: Audit;
  upstreams: Upstreams;
  people: Pick<Identity, 'users' | 'devices' | 'sessions' | 'groups' | 'grants' | 'adminTokens' | 'approveDevice'>;
  links: () => readonly LinkView[];
  memory: () => MemoryView;
  /** Of the last whole minute, in milliseconds. */
  eventLoopDelay: () => { p50: number; p99: number; max: number };
  /** Makes a change of rules or enforcement hold from the next call on. */
  policyChanged: (workspaceId: string) => void;
  /** Names of the first workspace's secrets that the configuration refers to. */
  secretsOfConfiguration: readonly string[];
  /** Commands that others than administrators of the first workspace may register. */
  allowedCommands: readonly AllowedCommand[];
  facts: BrokerFacts;
  clock: Clock;
}
