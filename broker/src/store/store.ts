// What the rest of the broker may ask of the database. Nothing outside this folder knows SQL. One implementation over a query
// builder, two engines (SQLite, PostgreSQL), one test suite for both. Every table of people's things carries `workspace_id`;
// functions without a workspace argument take globally unique ids. Times are ms since the epoch.
import type { Role } from '../domain/principal.ts';
import type { PolicySnapshot, Enforcement, Rule } from '../domain/rule.ts';
import type { ServerRecord } from '../domain/server-record.ts';

export interface UserRecord {
  id: string;
  workspaceId: string;
  /** Login name, `[a-z0-9][a-z0-9._-]{0,63}`, unique in the workspace. */
  name: string;
  email: string | null;
  role: Role;
  /** PHC string, or null until the person has set one through a link. */
  passwordHash: string | null;
  groups: readonly string[];
  disabledAt: number | null;
  createdAt: number;
}

export interface DeviceRecord {
  id: string;
  workspaceId: string;
  userId: string;
  name: string;
  /** `linux`, `darwin`, `win32`, or what the client said. */
  platform: string;
  address: string;
  createdAt: number;
  lastSeenAt: number;
  revokedAt: number | null;
}

export interface GrantRecord {
  id: string;
  workspaceId: string;
  label: string;
  userId: string | null;
  /** SHA-256 of the token, hex. */
  tokenHash: string;
  servers: readonly string[];
  expiresAt: number | null;
  createdAt: number;
  createdBy: string;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

export interface OneTimeLink {
  /** SHA-256 of the link's token, hex. */
  tokenHash: string;
  workspaceId: string;
  kind: 'setup' | 'password';
  userId: string | null;
  expiresAt: number;
}

export interface WebSessionRecord {
  tokenHash: string;
  workspaceId: string;
  userId: string;
  address: string;
  userAgent: string;
  createdAt: number;
  expiresAt: number;
}

interface SecretInfo {
  name: string;
  version: number;
  source: string;
  createdAt: number;
  lastUsedAt: number | null;
}

interface SealedSecret {
  name: string;
  version: number;
  sealed: Uint8Array;
}

/** A row of the OAuth server's own objects; `payload` is JSON text without the token itself. */
export interface OAuthObject {
  kind: string;
  idHash: string;
  payload: string;
  grantId: string | null;
  userCode: string | null;
  uid: string | null;
  consumedAt: number | null;
  expiresAt: number | null;
}

/** An event as appended: the chain's fields are the audit module's, the store only keeps them. */
export interface AuditRow {
  id: string;
  workspaceId: string;
  ts: number;
  /** Which broker process wrote it; chains are per writer. */
  writer: string;
  seq: number;
  /** `call.intent`, `call.outcome`, or an event type. */
  type: string;
  /** For intents and outcomes: the call's id. */
  callId: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  toolName: string | null;
  /** JSON text, exactly as hashed. */
  data: string;
  prevHash: string;
  hash: string;
}

export interface AuditQuery {
  workspaceId: string;
  kind: 'calls' | 'events';
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  /** Newest first unless `after` is given: then rows after that (ts, id), oldest first, for tailing. */
  after?: { ts: number; id: string };
  limit: number;
}

export interface CallRow {
  intent: AuditRow;
  outcome: AuditRow | null;
}

export interface Store {
  users: {
    create(user: {
      workspaceId: string;
      name: string;
      email: string | null;
      role: Role;
      groups: readonly string[];
    }): Promise<UserRecord>;
    byId(id: string): Promise<UserRecord | undefined>;
    byName(workspaceId: string, name: string): Promise<UserRecord | undefined>;
    list(workspaceId: string): Promise<UserRecord[]>;
    count(workspaceId: string): Promise<number>;
    setPassword(id: string, passwordHash: string): Promise<void>;
    setDisabled(id: string, disabledAt: number | null): Promise<void>;
    /** Replaces the groups; groups that do not exist yet are made. */
    setGroups(id: string, groups: readonly string[]): Promise<void>;
    setRole(id: string, role: Role): Promise<void>;
    /** With all that hangs on the person: devices, grants, links, browser sessions. */
    remove(id: string): Promise<void>;
  };
  devices: {
    create(device: Omit<DeviceRecord, 'id' | 'createdAt' | 'lastSeenAt' | 'revokedAt'>): Promise<DeviceRecord>;
    byId(id: string): Promise<DeviceRecord | undefined>;
    listByUser(userId: string): Promise<DeviceRecord[]>;
    list(workspaceId: string): Promise<DeviceRecord[]>;
    touch(id: string, at: number): Promise<void>;
    /** A known device that logged in again: what it says about itself now. */
    update(id: string, change: Pick<DeviceRecord, 'name' | 'platform' | 'address'>): Promise<DeviceRecord>;
    revoke(id: string, at: number): Promise<void>;
  };
  grants: {
    create(grant: Omit<GrantRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'revokedAt'>): Promise<GrantRecord>;
    byId(id: string): Promise<GrantRecord | undefined>;
    byTokenHash(tokenHash: string): Promise<GrantRecord | undefined>;
    list(workspaceId: string): Promise<GrantRecord[]>;
    touch(id: string, at: number): Promise<void>;
    revoke(id: string, at: number): Promise<void>;
  };
  links: {
    create(link: OneTimeLink): Promise<void>;
    /** The link if it is known, unused and not expired; does not use it up. */
    peek(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
    /** Uses it up; undefined where another request was first. Atomic. */
    consume(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
    /** Ends every unused link of a kind (a new set-up link replaces the old one). */
    expire(workspaceId: string, kind: OneTimeLink['kind'], userId: string | null): Promise<void>;
  };
  webSessions: {
    create(session: WebSessionRecord): Promise<void>;
    byTokenHash(tokenHash: string, now: number): Promise<WebSessionRecord | undefined>;
    /** Those that live, newest first. */
    list(workspaceId: string, now: number): Promise<WebSessionRecord[]>;
    remove(tokenHash: string): Promise<void>;
    removeByUser(userId: string): Promise<number>;
  };
  oauth: {
    upsert(object: OAuthObject): Promise<void>;
    find(kind: string, idHash: string): Promise<OAuthObject | undefined>;
    findByUserCode(kind: string, userCode: string): Promise<OAuthObject | undefined>;
    findByUid(kind: string, uid: string): Promise<OAuthObject | undefined>;
    /** True for the first one only. Atomic. */
    consume(kind: string, idHash: string, at: number): Promise<boolean>;
    destroy(kind: string, idHash: string): Promise<void>;
    destroyByGrant(grantId: string): Promise<number>;
    /** Access and refresh tokens of a grant that are neither used up nor expired. */
    countTokens(grantId: string, now: number): Promise<number>;
    removeExpired(now: number): Promise<number>;
  };
  keys: {
    list(): Promise<{ kid: string; sealed: Uint8Array; createdAt: number }[]>;
    add(key: { kid: string; sealed: Uint8Array }): Promise<void>;
  };
  servers: {
    create(server: Omit<ServerRecord, 'id' | 'createdAt' | 'updatedAt'>): Promise<ServerRecord>;
    byName(workspaceId: string, name: string): Promise<ServerRecord | undefined>;
    list(workspaceId: string): Promise<ServerRecord[]>;
    update(
      id: string,
      change: Partial<Pick<ServerRecord, 'enabled' | 'transport' | 'isolation'>>,
    ): Promise<ServerRecord>;
    remove(id: string): Promise<void>;
  };
  secrets: {
    /** Appends the next version, which becomes the current one; returns its number. `seal` gets that number (associated data). */
    append(workspaceId: string, name: string, source: string, seal: (version: number) => Uint8Array): Promise<number>;
    current(workspaceId: string, name: string): Promise<SealedSecret | undefined>;
    list(workspaceId: string): Promise<SecretInfo[]>;
    touch(workspaceId: string, name: string, at: number): Promise<void>;
    remove(workspaceId: string, name: string): Promise<boolean>;
  };
  policy: {
    snapshot(workspaceId: string): Promise<PolicySnapshot>;
    addRule(workspaceId: string, rule: Omit<Rule, 'id' | 'createdAt'>): Promise<Rule>;
    removeRule(workspaceId: string, id: string): Promise<boolean>;
    setEnforcement(workspaceId: string, enforcement: Enforcement): Promise<void>;
  };
  /** Facts about this database as a whole, written once. */
  settings: {
    /** Keeps `value` unless the name has one already; returns the one that is kept. */
    putIfAbsent(name: string, value: string): Promise<string>;
  };
  audit: {
    /** Appends all rows in one committed transaction. The hot path: prepared once, no work per row beyond binding. */
    append(rows: readonly AuditRow[]): Promise<void>;
    /** `type` and `tool` may hold `*`; `user` is who did it or, for events, to whom. At most 10,000 rows. */
    calls(query: AuditQuery): Promise<CallRow[]>;
    events(query: AuditQuery): Promise<AuditRow[]>;
    /** A writer's rows from `fromSeq` on, in order. */
    chain(writer: string, fromSeq: number, limit: number): Promise<AuditRow[]>;
    writers(): Promise<{ writer: string; lastSeq: number; lastHash: string }[]>;
    /** The last row of a writer's chain; undefined where it has written nothing. */
    last(writer: string): Promise<{ seq: number; hash: string } | undefined>;
  };
  /** Throws `unavailable` where the database does not answer; for /readyz. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
