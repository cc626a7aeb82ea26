// What the administration needs of the rest. People and live links belong to siblings (identity, tunnel): they are injected, by the
// forms below.
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../audit/audit.ts';
import type { Role } from '../domain/principal.ts';
import type { CompilePolicy } from '../policy/decide.ts';
import type { DeviceRecord, GrantRecord, Store, UserRecord } from '../store/store.ts';
import type { Upstreams } from '../upstreams/upstream.ts';
import type { Vault } from '../vault/vault.ts';

export interface Actor {
  name: string;
  address: string | null;
}

export interface EndReceipt {
  subject: string;
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  at: string;
}

export type PersonView = Omit<UserRecord, 'passwordHash'> & { hasPassword: boolean };
export type DeviceView = DeviceRecord & { user: string };
export type GrantView = Omit<GrantRecord, 'tokenHash' | 'userId'> & {
  user: string | null;
  state: 'active' | 'expired' | 'revoked';
};

export interface SessionView {
  id: string;
  kind: 'device' | 'web';
  user: string;
  label: string;
  address: string;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number | null;
}

/** Every function that changes something writes its own audit event. */
export interface People {
  readonly users: {
    add(
      workspaceId: string,
      user: { name: string; email?: string | null; role?: Role; groups?: readonly string[] },
      actor: Actor,
    ): Promise<PersonView>;
    list(workspaceId: string): Promise<PersonView[]>;
    show(workspaceId: string, name: string): Promise<PersonView & { devices: DeviceRecord[]; grants: GrantView[] }>;
    link(workspaceId: string, name: string, actor: Actor): Promise<{ url: string; expiresAt: number }>;
    disable(workspaceId: string, name: string, actor: Actor): Promise<EndReceipt>;
    enable(workspaceId: string, name: string, actor: Actor): Promise<PersonView>;
    remove(workspaceId: string, name: string, actor: Actor): Promise<EndReceipt>;
    setGroups(workspaceId: string, name: string, groups: readonly string[], actor: Actor): Promise<PersonView>;
  };
  readonly devices: {
    list(workspaceId: string, filter?: { user?: string }): Promise<DeviceView[]>;
    revoke(workspaceId: string, id: string, actor: Actor): Promise<EndReceipt>;
  };
  readonly sessions: {
    list(workspaceId: string, filter?: { user?: string }): Promise<SessionView[]>;
    end(workspaceId: string, id: string, actor: Actor): Promise<EndReceipt>;
  };
  readonly grants: {
    issue(
      workspaceId: string,
      grant: { label: string; servers: readonly string[]; user?: string; expiresAt?: number | null },
      actor: Actor,
    ): Promise<{ grant: GrantView; token: string }>;
    list(workspaceId: string): Promise<GrantView[]>;
    revoke(workspaceId: string, idOrLabel: string, actor: Actor): Promise<EndReceipt>;
  };
  approveDevice(workspaceId: string, userCode: string, userName: string, actor: Actor): Promise<DeviceView>;
}

/** A live WebSocket, as far as lists and counts need it. */
export interface LinkView {
  credentialId: string;
  channels: number;
}

export interface BrokerFacts {
  version: string;
  url: string;
  pid: number;
  startedAt: number;
  dataDir: string;
  database: 'sqlite' | 'postgres';
  draining(): boolean;
}

export interface AdminDependencies {
  store: Store;
  vault: Vault;
  audit: Audit;
  upstreams: Upstreams;
  compilePolicy: CompilePolicy;
  people: People;
  links: () => readonly LinkView[];
  /** Makes a change of rules or enforcement hold from the next call on. */
  policyChanged: (workspaceId: string) => void;
  facts: BrokerFacts;
  clock: Clock;
}
