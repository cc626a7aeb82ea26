// The gateway: sessions over one catalog of tools and one cache of policies.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Audit } from '../audit/audit.ts';
import type { PolicySnapshot } from '../domain/rule.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import { createSession, type Session } from './create-session.ts';
import type { GatewayService } from './gateway.ts';
import { createPolicyCache } from './policy-cache.ts';
import type { GatewayParts } from './session-scope.ts';
import { createToolCatalog } from './tool-catalog.ts';

export interface GatewayOptions {
  upstreams: Upstreams;
  /** Rules and enforcement of a workspace; asked once, and again after `policyChanged`. */
  snapshot: (workspaceId: string) => Promise<PolicySnapshot>;
  audit: Pick<Audit, 'beginCall' | 'endCall' | 'recordCall'>;
  log: Pick<BaseLogger, 'error' | 'warn' | 'debug'>;
  clock: Clock;
  brokerVersion: string;
  /** How long a list waits for one server. */
  listDeadlineMs?: number;
  /** Requests under way in one session. */
  maxPending?: number;
  maxMessageChars?: number;
}

export function createGateway(options: GatewayOptions): GatewayService {
  const { upstreams } = options;
  const sessions = new Set<Session>();
  const parts: GatewayParts = {
    upstreams,
    audit: options.audit,
    policies: createPolicyCache(options.snapshot),
    catalog: createToolCatalog(upstreams),
    log: options.log,
    clock: options.clock,
    elapsedMs: () => performance.now(),
    brokerVersion: options.brokerVersion,
    listDeadlineMs: options.listDeadlineMs ?? 2_000,
    maxPending: options.maxPending ?? 1_024,
    maxMessageChars: options.maxMessageChars ?? 64 * 1024 * 1024,
  };

  upstreams.onToolsChanged((change) => {
    parts.catalog.forget(change);
    for (const session of sessions) {
      if (session.workspaceId !== change.workspaceId) continue;
      if (change.userKey === null || change.userKey === session.userKey) session.listChanged();
    }
  });

  return {
    open({ principal, server, send }) {
      const session = createSession(parts, {
        principal,
        send,
        ...(server === undefined ? {} : { server }),
        onClosed: (closed) => sessions.delete(closed),
      });
      sessions.add(session);
      return session;
    },
    policyChanged(workspaceId) {
      parts.policies.forget(workspaceId);
      for (const session of sessions) if (session.workspaceId === workspaceId) session.listChanged();
    },
    async closeAll(reason) {
      await Promise.all([...sessions].map((session) => session.close(reason)));
    },
    get pending() {
      let count = 0;
      for (const session of sessions) count += session.pending;
      return count;
    },
  };
}
