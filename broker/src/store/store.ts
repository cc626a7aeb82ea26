// What the rest of the broker may ask of the database. Nothing outside this folder knows SQL. One implementation over a query
// builder, two engines (SQLite, PostgreSQL), one test suite for both. Every table of people's things carries `workspace_id`;
// functions without a workspace argument take globally unique ids. Times are ms since the epoch.
import type { AccountOwner, AccountRecord } from '../domain/account.ts';
import type { Bus } from '../domain/bus.ts';
import type { Departure, LeftChannel } from '../domain/channel-end.ts';
import type { AdminTokenRecord, DeviceRecord, Group, GrantRecord, UserRecord } from '../domain/people.ts';
import type { Role } from 'mcpgate-shared/api/roles';
import type { PolicySnapshot, Enforcement, Rule } from '../domain/rule.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { AuditQuery, AuditRow, CallRow } from './audit-row.ts';

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
  source: string;
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

/** What the IdP calls a person: its own user name, often an address, and its own id. */
export interface ProvisionedNames {
  userName: string;
  externalId: string | null;
  displayName: string | null;
  givenName: string | null;
  familyName: string | null;
}

export interface ProvisionedGroup {
  name: string;
  createdAt: number;
  displayName: string | null;
  externalId: string | null;
}

export interface Workspace {
  name: string;
  createdAt: number;
}

/** What became of the rules that named a person who is removed, by their ids. */
export interface FallenRules {
  /** They named nobody else. */
  removed: string[];
  /** They hold on for the others whom they name. */
  narrowed: string[];
}

export interface Store {
  /** `default` is always there. */
  workspaces: {
    /** By name. */
    list(): Promise<Workspace[]>;
    has(name: string): Promise<boolean>;
    /** With no rule, and rules enforced. Throws `conflict` where there is one of this name. */
    add(name: string): Promise<Workspace>;
    /** With its rules and groups. Throws `not_found`, and `conflict` while it has people, servers, secrets or live tokens. */
    remove(name: string): Promise<void>;
  };
  users: {
    create(user: {
      workspaceId: string;
      name: string;
      email: string | null;
      role: Role;
      groups: readonly string[];
    }): Promise<UserRecord>;
    byId(id: string): Promise<UserRecord | undefined>;
    /** Those that are there, in one question. */
    byIds(ids: readonly string[]): Promise<UserRecord[]>;
    byName(workspaceId: string, name: string): Promise<UserRecord | undefined>;
    /** Everybody with this e-mail address, however it is written. */
    byEmail(workspaceId: string, email: string): Promise<UserRecord[]>;
    /** The workspaces with somebody of this e-mail address, however it is written. */
    workspacesOf(email: string): Promise<string[]>;
    list(workspaceId: string): Promise<UserRecord[]>;
    count(workspaceId: string): Promise<number>;
    setPassword(id: string, passwordHash: string): Promise<void>;
    setDisabled(id: string, disabledAt: number | null): Promise<void>;
    /** Replaces the groups; groups that do not exist yet are made. */
    setGroups(id: string, groups: readonly string[]): Promise<void>;
    setRole(id: string, role: Role): Promise<void>;
    setEmail(id: string, email: string | null): Promise<void>;
    /** With all that hangs on the person: devices, grants, links, browser sessions, and what rules say of them by name. */
    remove(id: string): Promise<FallenRules>;
  };
  /** Of brokers that ended in good order. */
  departures: {
    /** Those that had expired by `now` go. */
    put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
    /** One that has not expired. */
    find(broker: string, now: number): Promise<Departure | undefined>;
  };
  /** What brokers left of single channels. Once there, only what waits for the peer is ever changed: it goes. */
  leftChannels: {
    /** One that is there already stays as it is. */
    put(channel: LeftChannel, expiresAt: number): Promise<void>;
    /** One that has not expired. */
    find(broker: string, id: string, now: number): Promise<LeftChannel | undefined>;
    /** Of these brokers and channels: the brokers that have departed, and the channels that were left. By name and id. */
    amongst(wanted: { brokers: readonly string[]; ids: readonly string[] }): Promise<Set<string>>;
    /** The peer has everything. */
    delivered(broker: string, id: string): Promise<void>;
    removeExpired(now: number): Promise<void>;
    /** Everybody who has one. */
    owners(): Promise<string[]>;
    removeOf(owners: readonly string[]): Promise<void>;
  };
  externalIdentities: {
    /** Who it is, in every workspace that knows it: one person, unless two brokers were told otherwise at the same instant. */
    holders(issuer: string, subject: string): Promise<{ workspaceId: string; userId: string }[]>;
    issuersOf(userId: string): Promise<string[]>;
    /** Throws `conflict` where the identity is somebody's, or the person has another one of this issuer. */
    link(identity: { workspaceId: string; issuer: string; subject: string; userId: string }): Promise<void>;
  };
  groups: {
    list(workspaceId: string): Promise<Group[]>;
    byName(workspaceId: string, name: string): Promise<Group | undefined>;
    /** Makes the group where it does not exist. */
    add(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
    take(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
    /** With its memberships. */
    remove(workspaceId: string, name: string): Promise<void>;
  };
  /** What the company's IdP calls people and groups that it provisions; it goes with them. */
  provisioning: {
    ofUser(userId: string): Promise<ProvisionedNames | undefined>;
    /** By user name, in whatever case, or by external id; at most 100. */
    userIdsOf(workspaceId: string, wanted: { userName?: string; externalId?: string }): Promise<string[]>;
    /** Of everybody, provisioned or not, in the order of their names here. */
    pageOfUserIds(workspaceId: string, page: { offset: number; limit: number }): Promise<string[]>;
    /** Throws `conflict` where somebody else has the user name. */
    putUser(user: ProvisionedNames & { userId: string; workspaceId: string }): Promise<void>;
    /** All groups; one that the IdP has not named has no display name. */
    groups(workspaceId: string): Promise<ProvisionedGroup[]>;
    membersOf(workspaceId: string, name: string): Promise<{ id: string; name: string }[]>;
    putGroup(group: {
      workspaceId: string;
      name: string;
      displayName: string;
      externalId: string | null;
    }): Promise<void>;
  };
  devices: {
    create(device: Omit<DeviceRecord, 'id' | 'createdAt' | 'lastSeenAt' | 'revokedAt'>): Promise<DeviceRecord>;
    byId(id: string): Promise<DeviceRecord | undefined>;
    byIds(ids: readonly string[]): Promise<DeviceRecord[]>;
    listByUser(userId: string): Promise<DeviceRecord[]>;
    list(workspaceId: string): Promise<DeviceRecord[]>;
    touch(id: string, at: number): Promise<void>;
    /** A known device that logged in again: what it says about itself now. */
    update(id: string, change: Pick<DeviceRecord, 'name' | 'platform' | 'address'>): Promise<DeviceRecord>;
    revoke(id: string, at: number): Promise<void>;
  };
  grants: {
    create(grant: Omit<GrantRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'revokedAt'>): Promise<GrantRecord>;
    byIds(ids: readonly string[]): Promise<GrantRecord[]>;
    byTokenHash(tokenHash: string): Promise<GrantRecord | undefined>;
    issuedBy(workspaceId: string, createdBy: string): Promise<GrantRecord[]>;
    list(workspaceId: string): Promise<GrantRecord[]>;
    touch(id: string, at: number): Promise<void>;
    revoke(id: string, at: number): Promise<void>;
  };
  adminTokens: {
    create(token: Omit<AdminTokenRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'revokedAt'>): Promise<AdminTokenRecord>;
    byTokenHash(tokenHash: string): Promise<AdminTokenRecord | undefined>;
    list(workspaceId: string): Promise<AdminTokenRecord[]>;
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
    /** Those that are there, in one question. */
    findAll(kind: string, by: 'idHash' | 'uid', values: readonly string[]): Promise<OAuthObject[]>;
    /** All of a kind, or those with a `uid`. */
    list(kind: string, uid?: string): Promise<OAuthObject[]>;
    /** Writes over the row that is there; false where it is gone, which it then stays. */
    update(object: OAuthObject): Promise<boolean>;
    /**
     * Whether there are fewer than `max` rows of a kind without a `uid`. Where not, those go first that expire before `expiringBefore`, the
     * earliest first.
     */
    makeRoom(kind: string, max: number, expiringBefore: number): Promise<boolean>;
    /** True for the first one only. Atomic. */
    consume(kind: string, idHash: string, at: number): Promise<boolean>;
    destroy(kind: string, idHash: string): Promise<void>;
    destroyByGrant(grantId: string): Promise<number>;
    /** Access and refresh tokens of a grant that are neither used up nor expired. */
    countTokens(grantId: string, now: number): Promise<number>;
    /** When the last refresh token of a grant that can still be used ends; null where it has none. */
    refreshableUntil(grantId: string): Promise<number | null>;
    removeExpired(now: number): Promise<number>;
  };
  keys: {
    list(): Promise<{ kid: string; sealed: Uint8Array; createdAt: number }[]>;
    add(key: { kid: string; sealed: Uint8Array }): Promise<void>;
  };
  servers: {
    /** Shared and without an account, unless said. */
    create(
      server: Omit<ServerRecord, 'id' | 'createdAt' | 'updatedAt' | 'credential' | 'account'> &
        Partial<Pick<ServerRecord, 'credential' | 'account'>>,
    ): Promise<ServerRecord>;
    byName(workspaceId: string, name: string): Promise<ServerRecord | undefined>;
    list(workspaceId: string): Promise<ServerRecord[]>;
    update(
      id: string,
      change: Partial<
        Pick<ServerRecord, 'enabled' | 'transport' | 'isolation' | 'trustAnnotations' | 'credential' | 'account'>
      >,
    ): Promise<ServerRecord>;
    remove(id: string): Promise<void>;
  };
  /** What people and the company have at servers. It goes with its server, and with its person. */
  accounts: {
    find(serverId: string, owner: AccountOwner): Promise<AccountRecord | undefined>;
    ofOwner(workspaceId: string, owner: AccountOwner): Promise<AccountRecord[]>;
    ofServer(serverId: string): Promise<AccountRecord[]>;
    /** A new one, or what takes the place of the one that is there; whatever refresh was under way is void. */
    put(account: Omit<AccountRecord, 'state' | 'version' | 'createdAt' | 'updatedAt'>): Promise<AccountRecord>;
    /**
     * The right to refresh this version until then, for the one who gets true. It is written down that the refresh token is in use, which
     * outlives the lease: only `evenIfInUse` gets it again. Atomic.
     */
    lease(
      account: Pick<AccountRecord, 'serverId' | 'owner' | 'version'>,
      lease: { holder: string; until: number; evenIfInUse: boolean },
    ): Promise<boolean>;
    leaseOf(
      serverId: string,
      owner: AccountOwner,
    ): Promise<{ until: number | null; inUseSince: number | null } | undefined>;
    /** The refresh token of this lease is known not to have been used up. */
    release(account: Pick<AccountRecord, 'serverId' | 'owner'>, holder: string): Promise<void>;
    /** What a refresh has brought, as the next version, and the end of its lease; undefined where there is another version, or none. */
    refreshed(
      account: Pick<AccountRecord, 'serverId' | 'owner' | 'version'>,
      fresh: Pick<AccountRecord, 'sealed' | 'scopes' | 'expiresAt'>,
    ): Promise<AccountRecord | undefined>;
    /** False where there is another version, or it is so already. */
    expire(account: Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner' | 'version'>): Promise<boolean>;
    remove(account: Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner'>): Promise<boolean>;
  };
  /** Clients that were registered for the broker, by the authorization server that knows them. */
  oauthRegistrations: {
    find(workspaceId: string, issuer: string, redirectUri: string): Promise<Uint8Array | undefined>;
    put(registration: { workspaceId: string; issuer: string; redirectUri: string; sealed: Uint8Array }): Promise<void>;
  };
  secrets: {
    /** Appends the next version, which becomes the current one; returns its number. `seal` gets that number (associated data). */
    append(workspaceId: string, name: string, source: string, seal: (version: number) => Uint8Array): Promise<number>;
    /** The same where the name has no current version; undefined, and nothing is changed, where it has one. */
    add(
      workspaceId: string,
      name: string,
      source: string,
      seal: (version: number) => Uint8Array,
    ): Promise<number | undefined>;
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
    /**
     * Appends all rows in one committed transaction. The hot path: prepared once, no work per row beyond binding. Throws `unavailable`, as
     * an AppendInDoubt where the answer was lost, so that they may be there or not.
     */
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
  /** Between the brokers of this database. Changes of policies, servers, secrets and people are told by the functions above. */
  readonly bus: Bus;
  /** Writes a little. Throws `unavailable` where the database does not answer or takes no writes. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
