// Creates the gateway: makes the parts that all sessions share, opens sessions, and tells them of changes.
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Traces } from '../domain/outside/call-span.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { createKeysEntry } from '../accounts/enter-keys.ts';
import { createOwnAccounts } from '../accounts/own-accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Principal } from '../domain/people/principal.ts';
import { isolationOf } from '../domain/server-record.ts';
import type { PolicySnapshot } from '../domain/rule.ts';
import type { Laptops } from '../laptops/laptops.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import { viewNamed } from './bundles/named-view.ts';
import { createSession, type Session } from './create-session.ts';
import type { GatewayService } from './gateway.ts';
import { verdictOnConnecting } from '../policy/connecting.ts';
import { createAccountWaits } from './accounts/account-waits.ts';
import { createClientKeys } from './edges/modern/client-keys.ts';
import { createParkedCalls } from './edges/modern/parked-calls.ts';
import { createTaskTable } from './tasks/task-table.ts';
import { createPersonWaits } from './person-waits.ts';
import { createPolicyCache } from './policy-cache.ts';
import { createRefusedMessages } from './edges/refused-messages.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { createEventStreams } from './extensions/event-streams.ts';
import { createCatalog } from './lists/catalog.ts';
import { createSubscriptions } from './resources/subscriptions.ts';
import type { SearchRule } from './search/search-rule.ts';
import { createToolIndexes } from './search/tool-index.ts';

export interface GatewayOptions {
  upstreams: Upstreams;
  accounts: GatewayParts['accounts'] & Pick<Accounts, 'setKeys'>;
  definitions: GatewayParts['definitions'];
  approvals: GatewayParts['approvals'];
  /** Reads the rules and enforcement of a workspace; called once, and again after `policyChanged`. */
  snapshot: (workspaceId: string) => Promise<PolicySnapshot>;
  /** Whether this broker hears changes of the rules that other brokers make. While it returns false, nothing is allowed. */
  hears?: () => boolean;
  audit: Pick<Audit, 'beginCall' | 'endCall' | 'recordCall' | 'event'>;
  traces?: Traces | undefined;
  limits: GatewayParts['limits'];
  authorizer: GatewayParts['authorizer'];
  log: Pick<BaseLogger, 'error' | 'warn' | 'debug'>;
  clock: Clock;
  laptops?: Laptops;
  brokerVersion: string;
  /** How long a list waits for one server. */
  listDeadlineMs?: number;
  /** The most requests that may be under way in one session. */
  maxPending?: number;
  maxMessageChars?: number;
  /** Clients that can only take a limited number of tools. */
  searchRules?: readonly SearchRule[];
}

export function createGateway(options: GatewayOptions): GatewayService {
  const { upstreams } = options;
  const sessions = new Set<Session>();
  const parkedCalls = createParkedCalls(options);
  const refused = createRefusedMessages(options);
  const clientKeys = createClientKeys({
    clock: options.clock,
    isBusy: (key) => parkedCalls.isBusy(key),
    async release(key, reason) {
      await parkedCalls.end(key, reason);
      upstreams.release(key);
    },
    onError: (error) => options.log.error({ err: error }, 'what a client had could not be let go of'),
  });
  const policies = createPolicyCache(options.snapshot, options.hears, () => options.clock.now());
  const mayUse = async (principal: Principal, server: string): Promise<boolean> =>
    (await policies.get(principal.workspaceId)).mayUse(principal, server);
  const mayConnect = async (principal: Principal, server: string): Promise<boolean> => {
    const policy = await policies.get(principal.workspaceId);
    const facts = { now: options.clock.now(), client: { name: null, version: null }, address: undefined };
    return verdictOnConnecting(policy, { principal, server, facts }).decision !== 'deny';
  };
  const personWaits = createPersonWaits(options);
  const parts: GatewayParts = {
    upstreams,
    accounts: options.accounts,
    ownAccounts: createOwnAccounts({
      accounts: options.accounts,
      servers: (workspaceId) => upstreams.servers(workspaceId),
      mayUse,
      mayConnect,
    }),
    keysEntry: createKeysEntry(options),
    accountWaits: createAccountWaits(options, personWaits),
    approvals: options.approvals,
    personWaits,
    audit: options.audit,
    traces: options.traces,
    policies,
    limits: options.limits,
    authorizer: options.authorizer,
    definitions: options.definitions,
    catalog: createCatalog(upstreams, options.definitions, options.clock),
    subscriptions: createSubscriptions(upstreams, options.log),
    eventStreams: createEventStreams({ policies, ...options }),
    parkedCalls,
    clientKeys,
    tasks: createTaskTable(),
    refused,
    log: options.log,
    clock: options.clock,
    elapsedMs: () => performance.now(),
    laptops: options.laptops,
    brokerVersion: options.brokerVersion,
    listDeadlineMs: options.listDeadlineMs ?? 2_000,
    waits: new Map(),
    toolIndexes: createToolIndexes(),
    connectLists: new Map(),
    searchRules: options.searchRules ?? [],
    maxPending: options.maxPending ?? 1_024,
    maxMessageChars: options.maxMessageChars ?? 64 * 1024 * 1024,
  };

  upstreams.onEvent((event) => {
    if (event.kind === 'connected') parts.subscriptions.renew(event);
    if (event.kind === 'list_stale') return parts.catalog.expire(event);
    for (const session of sessions) if (session.workspaceId === event.workspaceId) session.onEvent(event);
    // Only now, because the sessions above compare with the list of before.
    if (event.kind === 'list_changed') parts.catalog.forget(event);
  });

  options.definitions.onChange(({ workspaceId, serverId }) => {
    const server = upstreams.servers(workspaceId).find(({ id }) => id === serverId);
    if (server === undefined) return;
    const event = { kind: 'list_changed', workspaceId, server: server.name, place: null, list: 'all' } as const;
    for (const session of sessions) if (session.workspaceId === workspaceId) session.onEvent(event);
    parts.catalog.forget(event);
  });

  upstreams.onRenamed(({ workspaceId, names }) => {
    // At once: rules of before know nothing of the new names, and those of now nothing of the former ones.
    parts.policies.forget(workspaceId);
    for (const session of sessions) if (session.workspaceId === workspaceId) session.serversRenamed(names);
    parts.eventStreams.serversRenamed(workspaceId, names);
  });

  options.accounts.onChange((change) => {
    const { workspaceId, serverId, owner, state } = change;
    const server = upstreams.servers(workspaceId).find(({ id }) => id === serverId);
    // What an account lists is nobody's once it is another one; one that only expired is still known by its list.
    if (server !== undefined && state !== 'expired') {
      const place = owner !== 'shared' && isolationOf(server) === 'per-user' ? owner : null;
      parts.catalog.forget({ workspaceId, server: server.name, place, list: 'all' });
    }
    for (const session of sessions) if (session.workspaceId === change.workspaceId) session.accountChanged(change);
  });
  const policyChanged = (workspaceId?: string): void => {
    parts.policies.forget(workspaceId);
    for (const session of sessions)
      if ((workspaceId ?? session.workspaceId) === session.workspaceId) session.listChanged('all');
    parts.eventStreams.policyChanged(workspaceId);
  };

  return {
    open({ principal, server, tools, stateless, openPage, address, send }) {
      const session = createSession(parts, {
        principal,
        send,
        ...(server === undefined ? {} : { server }),
        ...(tools === undefined ? {} : { tools }),
        openPage,
        address: address ?? (() => undefined),
        ...(stateless !== undefined && { stateless: { ...stateless, login: loginOf(principal, server) } }),
        onClosed(closed) {
          sessions.delete(closed);
          upstreams.release(closed.id);
        },
      });
      sessions.add(session);
      return session;
    },
    policyChanged,
    mayUse,
    mayConnect,
    viewNamed: (principal, name) => viewNamed(parts, principal, name),
    async recheckPolicies() {
      const present = new Set([...sessions].map((session) => session.workspaceId));
      for (const workspaceId of await parts.policies.outdated(present)) policyChanged(workspaceId);
    },
    stateless: () => clientKeys.principals(isLogin),
    async endStateless(isMeant, reason) {
      await clientKeys.end((owner, principal) => isLogin(owner) && isMeant(principal), reason);
    },
    personChanged({ id, name, role, groups }) {
      for (const session of sessions) session.personChanged({ id, name, role, groups });
      parts.eventStreams.personChanged({ id, name, role, groups });
    },
    endWaits: () => personWaits.end(),
    async closeAll(reason) {
      await Promise.all([...sessions].map((session) => session.close(reason)));
      await clientKeys.end(() => true, reason);
      await refused.close();
    },
    refused: refused.counts,
    get pending() {
      let count = 0;
      for (const session of sessions) count += session.pending;
      return count;
    },
  };
}

/** Identifies a login together with the one server that it sees, if its door leads to one server. */
function loginOf({ workspaceId, user, credential }: Principal, server: string | undefined): string {
  return LOGIN + JSON.stringify([workspaceId, user?.id, credential.kind, credential.id, server]);
}

const LOGIN = 'login:';
const isLogin = (owner: string) => owner.startsWith(LOGIN);
