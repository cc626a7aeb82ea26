// Everything that the other rooms may ask of the database; none of them knows SQL. It is put together of what each repository offers, which stands
// with its queries. There is one implementation over a query builder, for two engines (SQLite, PostgreSQL), and one test suite for both. Functions
// without a workspace argument take ids that are unique in all workspaces. Times are ms since the epoch.
import type { Bus } from '../domain/bus.ts';
import type { Keyring, SealedBefore } from './keyring.ts';
import type { DefinitionRows } from './definition-rows.ts';
import type { SecretRows, SecretVersionRows } from './secret-rows.ts';
import type { SecretSourceRows } from './secret-source.ts';
import type { WorkspacesRepository } from './repositories/workspaces.ts';
import type { UsersRepository } from './repositories/people/users.ts';
import type { IdempotentRequestsRepository } from './repositories/idempotent-requests.ts';
import type { DeparturesRepository } from './repositories/links/departures.ts';
import type { LeftChannelsRepository } from './repositories/links/left-channels.ts';
import type { ExternalIdentitiesRepository } from './repositories/people/external-identities.ts';
import type { GroupsRepository } from './repositories/people/groups.ts';
import type { ProvisioningRepository } from './repositories/people/provisioning.ts';
import type { DevicesRepository } from './repositories/people/devices.ts';
import type { LaptopFindingsRepository } from './repositories/servers/laptop-findings.ts';
import type { ProposalsRepository } from './repositories/servers/proposals.ts';
import type { GrantsRepository } from './repositories/people/grants.ts';
import type { AdminTokensRepository } from './repositories/people/admin-tokens.ts';
import type { LinksRepository } from './repositories/links/links.ts';
import type { WebSessionsRepository } from './repositories/people/web-sessions.ts';
import type { OAuthRepository } from './repositories/people/oauth.ts';
import type { KeysRepository } from './repositories/keys.ts';
import type { ServersRepository } from './repositories/servers/servers.ts';
import type { AccountsRepository } from './repositories/people/accounts.ts';
import type { PasskeysRepository } from './repositories/people/passkeys.ts';
import type { OAuthRegistrationsRepository } from './repositories/people/oauth-registrations.ts';
import type { ApprovalsRepository } from './repositories/approvals.ts';
import type { BundlesRepository } from './repositories/bundles.ts';
import type { CallSpansRepository } from './repositories/call-spans.ts';
import type { DeliveriesRepository } from './repositories/deliveries.ts';
import type { HooksRepository } from './repositories/hooks.ts';
import type { LogFeedsRepository } from './repositories/log-feeds.ts';
import type { ManagedRepository } from './repositories/managed.ts';
import type { PolicyRepository } from './repositories/policy.ts';
import type { SettingsRepository } from './repositories/settings.ts';
import type { UntoldEventsRepository } from './repositories/untold-events.ts';
import type { AuditRepository } from './repositories/audit.ts';
import type { AuditArchivesRepository } from './repositories/audit-archives.ts';

/** One limit of a rule, and whose allowance of it. */
export interface LimitKey {
  workspaceId: string;
  rule: string;
  /** Which limit of the rule, from 0. */
  place: number;
  subject: string;
}

/** How much was used in a slot of time. */
export type Use = [slot: number, amount: number];

export interface Store {
  workspaces: WorkspacesRepository;
  users: UsersRepository;
  idempotentRequests: IdempotentRequestsRepository;
  departures: DeparturesRepository;
  leftChannels: LeftChannelsRepository;
  externalIdentities: ExternalIdentitiesRepository;
  groups: GroupsRepository;
  provisioning: ProvisioningRepository;
  devices: DevicesRepository;
  laptopFindings: LaptopFindingsRepository;
  proposals: ProposalsRepository;
  grants: GrantsRepository;
  adminTokens: AdminTokensRepository;
  links: LinksRepository;
  webSessions: WebSessionsRepository;
  passkeys: PasskeysRepository;
  oauth: OAuthRepository;
  keys: KeysRepository;
  keyring: Keyring;
  /** What versions before data keys have sealed under the master key itself. */
  sealedBefore: SealedBefore;
  servers: ServersRepository;
  accounts: AccountsRepository;
  oauthRegistrations: OAuthRegistrationsRepository;
  secrets: SecretRows;
  /** The versions of secrets besides the current ones. */
  secretVersions: SecretVersionRows;
  /** Where secrets come from that are not kept here. */
  secretSources: SecretSourceRows;
  approvals: ApprovalsRepository;
  bundles: BundlesRepository;
  hooks: HooksRepository;
  deliveries: DeliveriesRepository;
  logFeeds: LogFeedsRepository;
  untoldEvents: UntoldEventsRepository;
  callSpans: CallSpansRepository;
  /** What was seen of servers' tools and other things, and which of it is accepted. */
  definitions: DefinitionRows;
  limits: {
    /** Changes what was used of one limit by one of those who share it, under a lock. `work` is given what was used. */
    change(key: LimitKey, work: (uses: readonly Use[]) => { uses: Use[]; overAt: number }): Promise<void>;
    /** The same where something was used; else nothing is done. Where nothing is left, nothing is kept. */
    changeKnown(key: LimitKey, work: (uses: readonly Use[]) => { uses: Use[]; overAt: number }): Promise<void>;
    /** Forgets what counts no more. */
    sweep(before: number): Promise<void>;
  };
  policy: PolicyRepository;
  /** What is managed by configurations. */
  managed: ManagedRepository;
  settings: SettingsRepository;
  audit: AuditRepository;
  auditArchives: AuditArchivesRepository;
  /** The bus of the brokers over this database. The functions above announce changes of policies, servers, secrets and people themselves. */
  readonly bus: Bus;
  /**
   * Runs `work` over a store whose changes are committed together once it has resolved; none of them is where it rejects. With SQLite everything
   * else waits meanwhile, so that nothing but that store may be used in there. Throws `stale` where somebody else changes the same at that moment.
   */
  atomically<T>(work: (inside: Store) => Promise<T>): Promise<T>;
  /** Tries a small write. Throws `unavailable` where the database does not answer or takes no writes. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
