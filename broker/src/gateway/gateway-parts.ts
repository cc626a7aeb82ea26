// The parts of the gateway that all sessions share; create-gateway.ts makes them once.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Accounts } from '../accounts/accounts.ts';
import type { KeysEntry } from '../accounts/enter-keys.ts';
import type { OwnAccounts } from '../accounts/own-accounts.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Traces } from '../domain/outside/call-span.ts';
import type { Definitions } from '../definitions/definitions.ts';
import type { Authorizer } from '../hooks/authorizer.ts';
import type { Laptops } from '../laptops/laptops.ts';
import type { Limits } from '../limits/limits.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { AccountWaits } from './accounts/account-waits.ts';
import type { RefusedMessages } from './edges/refused-messages.ts';
import type { ClientKeys } from './edges/modern/client-keys.ts';
import type { ParkedCalls } from './edges/modern/parked-calls.ts';
import type { EventStreams } from './extensions/event-streams.ts';
import type { Catalog, CatalogList } from './lists/catalog.ts';
import type { PersonWaits } from './person-waits.ts';
import type { PolicyCache } from './policy-cache.ts';
import type { Subscriptions } from './resources/subscriptions.ts';
import type { SearchRule } from './search/search-rule.ts';
import type { ToolIndexes } from './search/tool-index.ts';
import type { TaskTable } from './tasks/task-table.ts';

export interface GatewayParts {
  upstreams: Upstreams;
  accounts: Pick<Accounts, 'pageOf' | 'lackOf' | 'onChange' | 'ofOwner' | 'disconnect'>;
  ownAccounts: OwnAccounts;
  keysEntry: KeysEntry;
  definitions: Pick<Definitions, 'review' | 'instructions' | 'hasListed' | 'onChange'>;
  accountWaits: AccountWaits;
  approvals: Pick<
    Approvals,
    | 'ask'
    | 'use'
    | 'giveBack'
    | 'find'
    | 'decide'
    | 'pageOf'
    | 'approversNow'
    | 'onChange'
    | 'offer'
    | 'request'
    | 'list'
  >;
  personWaits: PersonWaits;
  audit: Pick<Audit, 'beginCall' | 'endCall' | 'recordCall' | 'event'>;
  /** Left out: calls are not traced. */
  traces?: Traces | undefined;
  policies: PolicyCache;
  limits: Pick<Limits, 'reserve' | 'paid'>;
  authorizer: Pick<Authorizer, 'ask'>;
  catalog: Catalog;
  subscriptions: Subscriptions;
  eventStreams: EventStreams;
  parkedCalls: ParkedCalls;
  clientKeys: ClientKeys;
  tasks: TaskTable;
  refused: RefusedMessages;
  log: Pick<BaseLogger, 'error' | 'warn' | 'debug'>;
  clock: Clock;
  /** A clock that never goes back, in milliseconds with fractions, for durations. */
  elapsedMs: () => number;
  /** Answers what laptops ask about tokens; nobody does in a gateway that stands alone. */
  laptops: Laptops | undefined;
  brokerVersion: string;
  listDeadlineMs: number;
  /** Since when each answer of a slow server has been waited for (ms since the epoch); see `in-time.ts`. */
  waits: Map<string, number>;
  maxPending: number;
  toolIndexes: ToolIndexes;
  /** By the name of a server: what `connect-tool.ts` lists for it. Indexes for searching are shared by the identity of what is in them. */
  connectLists: Map<string, CatalogList>;
  searchRules: readonly SearchRule[];
  maxMessageChars: number;
}
