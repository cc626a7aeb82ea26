// What a gateway session is made of, as its parts need it.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Audit } from '../audit/audit.ts';
import type { Principal } from '../domain/principal.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { PolicyCache } from './policy-cache.ts';
import type { ToolCatalog } from './tool-catalog.ts';

export interface GatewayParts {
  upstreams: Upstreams;
  audit: Pick<Audit, 'beginCall' | 'endCall' | 'recordCall'>;
  policies: PolicyCache;
  catalog: ToolCatalog;
  log: Pick<BaseLogger, 'error' | 'warn' | 'debug'>;
  clock: Clock;
  /** Milliseconds that only grow, with fractions, for durations. */
  elapsedMs: () => number;
  brokerVersion: string;
  listDeadlineMs: number;
  maxPending: number;
  maxMessageChars: number;
}

/** Who asks, and through which door. */
export interface SessionScope {
  readonly id: string;
  readonly principal: Principal;
  /** Only this server, under its own names. */
  readonly only: string | undefined;
  /** As the client introduced itself. */
  client: { name: string | null; version: string | null };
}

/** Tells people apart where a server has a process for each. */
export function userKeyOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.id}` : `user:${user.id}`;
}

/** As rules and administrators name who asks. */
export function whoOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.label}` : `user:${user.name}`;
}

/** The servers that the session's door and credential lead to. */
export function serversOf(upstreams: Upstreams, { principal, only }: SessionScope): readonly ServerRecord[] {
  const all = upstreams.servers(principal.workspaceId);
  if (only === undefined && principal.servers === undefined) return all;
  return all.filter(
    ({ name, id }) =>
      (only === undefined || only === name || only === id) &&
      (principal.servers === undefined || principal.servers.includes(name)),
  );
}
