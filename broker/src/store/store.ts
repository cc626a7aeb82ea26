// Everything that the other rooms may ask of the database; none of them knows SQL. There is one implementation over a query builder, for two engines
// (SQLite, PostgreSQL), and one test suite for both. Functions without a workspace argument take ids that are unique in all workspaces. Times are
// ms since the epoch.
import type { AccountOwner, AccountRecord } from '../domain/people/account.ts';
import type { Bus } from '../domain/bus.ts';
import type { Departure, LeftChannel } from '../domain/channel-end.ts';
import type { AdminTokenRecord, DeviceRecord, Group, GrantRecord, UserRecord } from '../domain/people/people.ts';
import type { ProposedTransport } from 'mcpgate-shared/api/proposals';
import type { Role } from 'mcpgate-shared/api/roles';
import type { PolicySnapshot, Enforcement, NewRule, Rule } from '../domain/rule.ts';
import type { SecretSourceRows } from './secret-source.ts';
import type { SecretRows, SecretVersionRows } from './secret-rows.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Keyring, SealedBefore } from './keyring.ts';
import type { AuditQuery, AuditRow, CallRow, SecretUseQuery } from './audit-row.ts';

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

/** What a rename has changed. Rules and grants are those that named the server. */
export interface Renamed {
  server: ServerRecord;
  rules: { id: string; before: readonly string[]; after: readonly string[] }[];
  grants: { id: string; label: string }[];
}

/** An object of the OAuth server: a token, a code, a grant, a client. `payload`: JSON text, without the value of the token itself. */
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

/** The IdP's names for a person; `userName` is often an e-mail address. */
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

/** A server that people propose, with their names. */
export interface Proposal {
  id: string;
  workspaceId: string;
  name: string;
  transport: ProposedTransport;
  people: readonly string[];
  state: 'open' | 'accepted' | 'declined';
  createdAt: number;
  decidedAt: number | null;
  decidedBy: string | null;
}

export interface Workspace {
  name: string;
  createdAt: number;
}

/** What became of the rules that named a removed person, by their ids. */
export interface FallenRules {
  /** Rules that named nobody else, and were removed. */
  removed: string[];
  /** Rules that go on for the others whom they name. */
  narrowed: string[];
}

export interface Store {
  /** The workspace `default` always exists. */
  workspaces: {
    /** In the order of their names. */
    list(): Promise<Workspace[]>;
    has(name: string): Promise<boolean>;
    /** Makes a workspace without rules, with enforcement on. Throws `conflict` where there is one of this name. */
    add(name: string): Promise<Workspace>;
    /** Removes it with its rules and groups. Throws `not_found`, and `conflict` while it has people, servers, secrets or valid tokens. */
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
    /** Those of these people that exist, in one query. */
    byIds(ids: readonly string[]): Promise<UserRecord[]>;
    byName(workspaceId: string, name: string): Promise<UserRecord | undefined>;
    /** Everybody with this e-mail address, in any letter case. */
    byEmail(workspaceId: string, email: string): Promise<UserRecord[]>;
    /** The workspaces in which somebody has this e-mail address, in any letter case. */
    workspacesOf(email: string): Promise<string[]>;
    list(workspaceId: string): Promise<UserRecord[]>;
    count(workspaceId: string): Promise<number>;
    setPassword(id: string, passwordHash: string): Promise<void>;
    setDisabled(id: string, disabledAt: number | null): Promise<void>;
    /** Replaces the groups; groups that do not exist yet are made. */
    setGroups(id: string, groups: readonly string[]): Promise<void>;
    setRole(id: string, role: Role): Promise<void>;
    setEmail(id: string, email: string | null): Promise<void>;
    /** Removes the person with their devices, grants, links and browser sessions, and takes their name out of rules. */
    remove(id: string): Promise<FallenRules>;
  };
  /** The departures of brokers that ended in good order. */
  departures: {
    /** Keeps a departure until `expiresAt`, and removes those that had expired by `now`. */
    put(departure: Departure, times: { expiresAt: number; now: number }): Promise<void>;
    /** The departure of this broker, where it has not expired. */
    find(broker: string, now: number): Promise<Departure | undefined>;
  };
  /** Channels that brokers gave up. The only change to one that is kept is that its answers are removed once the peer has them. */
  leftChannels: {
    /** Keeps a channel. One that is kept already stays as it is. */
    put(channel: LeftChannel, expiresAt: number): Promise<void>;
    /** The channel that this broker gave up, where it has not expired. */
    find(broker: string, id: string, now: number): Promise<LeftChannel | undefined>;
    /** Which of these brokers have a departure (their names), and which of these channels are kept (their ids). */
    amongst(wanted: { brokers: readonly string[]; ids: readonly string[] }): Promise<Set<string>>;
    /** The peer has acknowledged everything: removes the kept answers. */
    delivered(broker: string, id: string): Promise<void>;
    removeExpired(now: number): Promise<void>;
    /** The owners of all kept channels. */
    owners(): Promise<string[]>;
    removeOf(owners: readonly string[]): Promise<void>;
  };
  externalIdentities: {
    /**
     * The people who have this identity, one in each workspace at most. There is only one in all workspaces, unless two brokers made two at the same
     * moment.
     */
    holders(issuer: string, subject: string): Promise<{ workspaceId: string; userId: string }[]>;
    issuersOf(userId: string): Promise<string[]>;
    /** Throws `conflict` where somebody has the identity already, or the person has another one of this issuer. */
    link(identity: { workspaceId: string; issuer: string; subject: string; userId: string }): Promise<void>;
  };
  groups: {
    list(workspaceId: string): Promise<Group[]>;
    byName(workspaceId: string, name: string): Promise<Group | undefined>;
    /** Makes the group where it does not exist. */
    add(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
    /** Takes people out of the group. */
    take(workspaceId: string, name: string, userIds: readonly string[]): Promise<void>;
    remove(workspaceId: string, name: string): Promise<void>;
  };
  /** The names that the company's IdP has given people and groups. They are removed with the person or group. */
  provisioning: {
    ofUser(userId: string): Promise<ProvisionedNames | undefined>;
    /** The people with this user name (in any letter case) or this external id; at most 100. */
    userIdsOf(workspaceId: string, wanted: { userName?: string; externalId?: string }): Promise<string[]>;
    /** A page of all people, provisioned or not, in the order of their names in mcpgate. */
    pageOfUserIds(workspaceId: string, page: { offset: number; limit: number }): Promise<string[]>;
    /** Throws `conflict` where somebody else has the user name. */
    putUser(user: ProvisionedNames & { userId: string; workspaceId: string }): Promise<void>;
    /** All groups. One that the IdP has not provisioned has no display name. */
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
    /** Keeps what a known device says of itself when it logs in again, and the time. */
    update(id: string, change: Pick<DeviceRecord, 'name' | 'platform' | 'address'>): Promise<DeviceRecord>;
    revoke(id: string, at: number): Promise<void>;
  };
  /** How many service tokens each laptop found in the files of its AI clients, last. */
  laptopFindings: {
    /** Returns what it had told before. */
    put(finding: {
      workspaceId: string;
      deviceId: string;
      tokens: number;
      live: number;
      reportedAt: number;
    }): Promise<{ tokens: number; live: number }>;
    /** Laptops that still hold tokens and may still connect. */
    list(workspaceId: string): Promise<{ deviceId: string; tokens: number; live: number }[]>;
  };
  /** Servers that people propose from their laptops. */
  proposals: {
    /** Joins the same one of another person; `isNew`: this person had not proposed it yet. */
    add(proposal: {
      workspaceId: string;
      userId: string;
      name: string;
      transport: ProposedTransport;
      digest: string;
    }): Promise<{ id: string; state: Proposal['state']; isNew: boolean }>;
    /** Ids of those of this person that nobody has decided. */
    openOf(workspaceId: string, userId: string): Promise<string[]>;
    list(workspaceId: string, which: { all: boolean }): Promise<Proposal[]>;
    /** Undefined where there is no open one of this id. */
    decide(workspaceId: string, id: string, state: 'accepted' | 'declined', by: string): Promise<Proposal | undefined>;
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
    /** The link, without using it up; undefined where it is unknown, was used or has expired. */
    peek(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
    /** Uses the link up; undefined as in `peek`. Of several requests at the same time, one gets it. */
    consume(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
    /** Removes the unused links of a kind and person, before a new one replaces them. */
    expire(workspaceId: string, kind: OneTimeLink['kind'], userId: string | null): Promise<void>;
  };
  webSessions: {
    create(session: WebSessionRecord): Promise<void>;
    byTokenHash(tokenHash: string, now: number): Promise<WebSessionRecord | undefined>;
    /** Those that have not expired, the newest first. */
    list(workspaceId: string, now: number): Promise<WebSessionRecord[]>;
    remove(tokenHash: string): Promise<void>;
    removeByUser(userId: string): Promise<number>;
  };
  oauth: {
    upsert(object: OAuthObject): Promise<void>;
    find(kind: string, idHash: string): Promise<OAuthObject | undefined>;
    findByUserCode(kind: string, userCode: string): Promise<OAuthObject | undefined>;
    findByUid(kind: string, uid: string): Promise<OAuthObject | undefined>;
    /** Those with one of these values that exist, in one query. */
    findAll(kind: string, by: 'idHash' | 'uid', values: readonly string[]): Promise<OAuthObject[]>;
    /** All objects of a kind; with `uid` only those that have this one. */
    list(kind: string, uid?: string): Promise<OAuthObject[]>;
    /** Overwrites an existing row. False where there is none any more; it is not made again. */
    update(object: OAuthObject): Promise<boolean>;
    /**
     * Whether one more object of a kind may be added, so that there are no more than `max` without a `uid`. Where there are too many, removes those
     * that expire before `expiringBefore`, the earliest first.
     */
    makeRoom(kind: string, max: number, expiringBefore: number): Promise<boolean>;
    /** Marks an object as used. True only for the first of several requests, also of those at the same time. */
    consume(kind: string, idHash: string, at: number): Promise<boolean>;
    destroy(kind: string, idHash: string): Promise<void>;
    destroyByGrant(grantId: string): Promise<number>;
    /** Access and refresh tokens of a grant that are neither used up nor expired. */
    countTokens(grantId: string, now: number): Promise<number>;
    /** When the last usable refresh token of a grant expires; null where the grant has none. */
    refreshableUntil(grantId: string): Promise<number | null>;
    removeExpired(now: number): Promise<number>;
  };
  keys: {
    list(): Promise<{ kid: string; sealed: Uint8Array; createdAt: number; signsFrom: number }[]>;
    /** `signsFrom`: now unless said. `replaced`: those that are removed in the same moment. Other brokers are told. */
    add(key: { kid: string; sealed: Uint8Array; signsFrom?: number }, replaced?: readonly string[]): Promise<void>;
  };
  keyring: Keyring;
  /** What versions before data keys have sealed under the master key itself. */
  sealedBefore: SealedBefore;
  servers: {
    /** Shared, without an account and without a probe, unless said. Throws `conflict` where the name is taken. */
    create(
      server: Pick<ServerRecord, 'workspaceId' | 'name' | 'enabled' | 'transport' | 'isolation' | 'trustAnnotations'> &
        Partial<Pick<ServerRecord, 'credential' | 'account' | 'probe'>>,
    ): Promise<ServerRecord>;
    byName(workspaceId: string, name: string): Promise<ServerRecord | undefined>;
    list(workspaceId: string): Promise<ServerRecord[]>;
    /** Throws `not_found`, and `stale` where the record has another revision than `ifRevision`. */
    update(
      id: string,
      change: Partial<
        Pick<
          ServerRecord,
          'enabled' | 'transport' | 'isolation' | 'trustAnnotations' | 'credential' | 'account' | 'probe'
        >
      >,
      ifRevision?: number,
    ): Promise<ServerRecord>;
    /**
     * Gives it another name, and what names it the other one with it: `what` of rules as `rewrite` says, and the servers that grants are bound
     * to. All or nothing. Throws `conflict` where the name is taken, `stale` where it is not called `from` any more, and `not_found`.
     */
    rename(
      id: string,
      to: string,
      options: { from: string; ifRevision?: number; rewrite: (what: string) => string },
    ): Promise<Renamed>;
    remove(id: string): Promise<void>;
  };
  /** What people and the company have at servers. It goes with its server, and with its person. */
  accounts: {
    find(serverId: string, owner: AccountOwner): Promise<AccountRecord | undefined>;
    ofOwner(workspaceId: string, owner: AccountOwner): Promise<AccountRecord[]>;
    ofServer(serverId: string): Promise<AccountRecord[]>;
    /**
     * A new one, or what takes the place of the one that is there; whatever refresh was under way is void. Undefined, and nothing is kept, where
     * its person is not enabled, or the server is not enabled and at `target`: whoever ends accounts closes the one or the other first, and
     * misses none. Atomic.
     */
    put(
      account: Omit<AccountRecord, 'state' | 'version' | 'wanted' | 'createdAt' | 'updatedAt'> & { target: string },
    ): Promise<AccountRecord | undefined>;
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
    /** The lease is over. `wasUsed`: the refresh token may have been used up, so that it stays written down that it is in use. */
    release(
      account: Pick<AccountRecord, 'serverId' | 'owner'>,
      holder: string,
      how: { wasUsed: boolean },
    ): Promise<void>;
    /** Scopes that the server asks for besides; they stand until the account is replaced. */
    want(account: Pick<AccountRecord, 'serverId' | 'owner'>, wanted: readonly string[]): Promise<void>;
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
    remove(workspaceId: string, issuer: string, redirectUri: string): Promise<void>;
  };
  secrets: SecretRows;
  /** The versions of secrets besides the current ones. */
  secretVersions: SecretVersionRows;
  /** Where secrets come from that are not kept here. */
  secretSources: SecretSourceRows;
  policy: {
    snapshot(workspaceId: string): Promise<PolicySnapshot>;
    addRule(workspaceId: string, rule: NewRule): Promise<Rule>;
    removeRule(workspaceId: string, id: string): Promise<boolean>;
    setEnforcement(workspaceId: string, enforcement: Enforcement): Promise<void>;
  };
  /** Values that belong to the database as a whole, each written once. */
  settings: {
    /** Keeps `value` unless the name has a value already; returns the kept one. */
    putIfAbsent(name: string, value: string): Promise<string>;
    find(name: string): Promise<string | undefined>;
  };
  audit: {
    /**
     * Appends all rows in one transaction. Every call waits for it twice, so the statement is prepared once. Throws `unavailable`; as an AppendInDoubt
     * where the answer was lost, so that the rows may have been committed or not.
     */
    append(rows: readonly AuditRow[]): Promise<void>;
    /** `type` and `tool` may hold `*`. `user`: the actor, or for events also the subject. At most 10,000 rows. */
    calls(query: AuditQuery): Promise<CallRow[]>;
    events(query: AuditQuery): Promise<AuditRow[]>;
    /** Those that have an outcome. */
    callsWithSecret(query: SecretUseQuery): Promise<CallRow[]>;
    /** A writer's rows from `fromSeq` on, in order. */
    chain(writer: string, fromSeq: number, limit: number): Promise<AuditRow[]>;
    writers(): Promise<{ writer: string; lastSeq: number; lastHash: string }[]>;
    /** The last row of a writer's chain; undefined where it has written nothing. */
    last(writer: string): Promise<{ seq: number; hash: string } | undefined>;
  };
  /** The bus of the brokers over this database. The functions above announce changes of policies, servers, secrets and people themselves. */
  readonly bus: Bus;
  /** Tries a small write. Throws `unavailable` where the database does not answer or takes no writes. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
