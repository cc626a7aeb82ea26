// Puts the room together: what is sent to hooks, and the one that is asked about calls.
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../domain/log.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { Vault } from '../vault/vault.ts';
import { createAuthorizer } from './authorize/create-authorizer.ts';
import type { Authorizer } from './authorizer.ts';
import { createHookSender, type HookSender } from './hook-request.ts';

export interface Hooks {
  sender: HookSender;
  authorizer: Authorizer;
}

/** The longest time that a hook has, and how much it may say. */
const MOST_MS = 5_500;
const MOST_BYTES = 64 * 1024;

export function createHooks(options: {
  vault: Pick<Vault, 'resolve' | 'value'>;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** Hosts that may have private addresses wherever they are named. */
  allowHosts: readonly string[];
  version: string;
}): Hooks {
  const { allowHosts, audit, clock, log } = options;
  const fetch = createGuardedFetch({ allowHosts, timeoutMs: MOST_MS, maxBytes: MOST_BYTES });
  const sender = createHookSender({ ...options, fetch });
  const elapsedMs = () => performance.now();
  return { sender, authorizer: createAuthorizer({ sender, audit, clock, elapsedMs, log }) };
}
