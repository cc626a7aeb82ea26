// Puts the room together: what is sent to hooks, and the one that is asked about calls.
import { hostname } from 'node:os';
import type { Clock } from 'mcpgate-shared/clock';
import type { Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Deliveries } from '../deliveries/deliveries.ts';
import type { Log } from '../domain/log.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { createTakeDecision, type TakeDecision } from './approvals/take-decision.ts';
import { tellApprovals } from './approvals/tell-approvals.ts';
import { createAuthorizer } from './authorize/create-authorizer.ts';
import type { Authorizer } from './authorizer.ts';
import { createHookSender, type HookSender } from './hook-request.ts';
import { createLogFeeds, type LogFeeds } from './log/feed-log.ts';
import { createEntrySender, type EntrySender } from './log/send-entries.ts';

export interface Hooks {
  sender: HookSender;
  /** Sends entries of the log to whoever takes them. */
  entries: EntrySender;
  authorizer: Authorizer;
  /** The queues of what hooks are told. */
  deliveries: Pick<Deliveries, 'queues' | 'forget' | 'tryNow' | 'onMoved'>;
  /** The audit log as it is sent to hooks. */
  feeds: Pick<LogFeeds, 'state' | 'states' | 'onMoved'>;
  /** For the door where decisions come back. */
  takeDecision: TakeDecision;
  /** Begins to tell what waits for somebody's yes, and to send the audit log. Returns the function that ends it. */
  tell(): () => Promise<void>;
}

/** The longest time that a hook has, and how much it may say. */
const MOST_MS = 5_500;
const MOST_BYTES = 64 * 1024;

export function createHooks(options: {
  store: Pick<Store, 'hooks' | 'users' | 'workspaces' | 'audit' | 'logFeeds'>;
  vault: Pick<Vault, 'resolve' | 'value' | 'used'>;
  audit: Pick<Audit, 'event' | 'refused'>;
  approvals: Approvals;
  deliveries: Deliveries;
  clock: Clock;
  log: Pick<Log, 'warn' | 'info'>;
  /** Hosts that may have private addresses wherever they are named. */
  allowHosts: readonly string[];
  version: string;
  /** Of this run of the broker, and where it runs, for people to read. */
  holder: string;
  location: string;
}): Hooks {
  const { allowHosts, audit, clock, log } = options;
  const fetch = createGuardedFetch({ allowHosts, timeoutMs: MOST_MS, maxBytes: MOST_BYTES });
  const sender = createHookSender({ ...options, fetch });
  const entries = createEntrySender({ ...options, sender, host: hostname() });
  const feeds = createLogFeeds({ ...options, sender: entries });
  const elapsedMs = () => performance.now();
  return {
    sender,
    entries,
    authorizer: createAuthorizer({ sender, audit, clock, elapsedMs, log }),
    takeDecision: createTakeDecision({ ...options, sender }),
    deliveries: options.deliveries,
    feeds,
    tell() {
      const end = tellApprovals({ ...options, sender });
      options.deliveries.start();
      feeds.start();
      return async () => {
        end();
        await feeds.close();
      };
    },
  };
}
