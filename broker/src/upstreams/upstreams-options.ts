// What the pool of connections (create-upstreams.ts) is given: the services that it uses, settings and limits.
import type { Accounts } from '../accounts/accounts.ts';
import type { IdentityTokens } from '../assertions/assertions.ts';
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { ResourceLimits } from '../domain/bounds/resource-limits.ts';
import type { StdioSettings } from '../domain/transports/stdio-settings.ts';
import type { Store } from '../store/store.ts';
import type { ProcessLimits } from './pool/make-room.ts';
import type { Secrets } from './secrets/secrets.ts';

export interface UpstreamsOptions {
  store: { servers: Pick<Store['servers'], 'list'>; workspaces: Pick<Store['workspaces'], 'list'> };
  vault: Secrets;
  accounts: Pick<Accounts, 'keys' | 'token' | 'refused' | 'tryClient' | 'keysRefused' | 'pageOf' | 'onChange'>;
  /** For servers that are told who asks. */
  identityTokens: Pick<IdentityTokens, 'tokenFor'>;
  log: Pick<BaseLogger, 'debug' | 'info' | 'warn'>;
  clock: Clock;
  /** The broker's data folder; homes of stdio servers are made below it. */
  dataDir: string;
  /** The broker runs as root: each stdio server gets a uid of its own. */
  isRoot: boolean;
  brokerVersion: string;
  /** PATH of the broker, which stdio servers get too. */
  path: string;
  lang?: string;
  startTimeoutMs?: number;
  /** So many programs of servers begin at the same time; a multiple of the processors unless said. */
  startsAtOnce?: number;
  /** A request times out after so long without progress. */
  requestTimeoutMs?: number;
  /** Lists are read again after so long, where their server says nothing else; 5 minutes unless said. */
  listAgeMs?: number;
  /** Longest message of a server, either way. */
  maxMessageBytes?: number;
  /** A process or connection of one person or session ends after so long without a call. */
  idleMs?: number;
  /** A process that people share ends after so long; never unless said. */
  sharedIdleMs?: number;
  limits?: Partial<ProcessLimits>;
  /** What each stdio server may use, where its record does not say. */
  resourceLimits?: ResourceLimits | undefined;
  /** Where `prlimit` is looked for; the folders of the system unless said. */
  toolPath?: string;
  /** Where `bwrap` is looked for; the folders of the system unless said. */
  sandboxToolPath?: string | undefined;
  /** How stdio servers are kept apart; a sandbox where there is one unless said. */
  stdio?: Partial<Omit<StdioSettings, 'allow'>> | undefined;
  /** Files of the broker outside of its data folder that no sandbox shows, and folders with all that is in them. */
  secretFiles?: readonly string[];
  /** The home of the broker's own user. */
  userHome?: string | undefined;
  /** How often the memory of stdio servers is looked at. */
  watchMemoryEveryMs?: number;
  /** A server that did not answer a request in time is pinged, and has so long to answer. */
  pingMs?: number;
  /** From 0 to 1. */
  random?: () => number;
}
