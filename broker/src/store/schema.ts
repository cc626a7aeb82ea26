// The types of the tables for the query builder; `migrations/` makes the tables. Numbers are whole. Times are ms since the epoch. `*_json` columns
// hold JSON text, `sealed` columns hold bytes that the vault has sealed.
import type { ConfigurationKind } from 'mcpgate-shared/api/config/configuration';
import type { Generated } from 'kysely';
import type { DefinitionPolicy } from 'mcpgate-shared/api/definitions/definitions-api';
import type { DefinitionKind } from '../domain/definition.ts';
import type { Hook } from '../domain/hook.ts';
import type { ApprovalsTable } from './approvals-table.ts';
import type { Enforcement, Rule } from '../domain/rule.ts';
import type { AccountForm, AccountState } from '../domain/people/account.ts';
import type { SecretVersionsTable } from './secret-versions-table.ts';
import type { AuditArguments, Isolation } from 'mcpgate-shared/api/servers';
import type { WhoseCredential } from 'mcpgate-shared/api/accounts/account-forms';
import type { SecondFactor, SignInMethod } from '../domain/people/passkey.ts';
import type { AdminTokenRecord } from '../domain/people/people.ts';
import type { Role } from 'mcpgate-shared/api/roles';
import type { AuditArchivedSpansTable, AuditArchivesTable } from './audit/archive-tables.ts';
import type { RowColumns } from './audit/row-columns.ts';
import type { WordKind } from './audit/words.ts';

/** How a destination stands: when it is tried next, by which broker now, by which last. */
interface DestinationTable {
  destination: string;
  workspace_id: string;
  attempts: number;
  next_at: number;
  last_error: string | null;
  lease_holder: string | null;
  lease_until: number;
  delivered_at: number | null;
  tried_by: string | null;
}

export interface Database {
  workspaces: { id: string; created_at: number };
  /** Values that belong to the database as a whole. */
  settings: { name: string; value: string };
  idempotent_requests: {
    owner: string;
    key_hash: string;
    request_digest: string;
    state: 'running' | 'done' | 'doubtful';
    holder: string;
    lease_until: number;
    sealed: Uint8Array | null;
    expires_at: number;
  };
  departures: { broker: string; ends_json: string; is_complete: number; expires_at: number };
  left_channels: {
    broker: string;
    id: string;
    owner: string;
    secret_hash: string;
    taken: number;
    sealed: Uint8Array | null;
    expires_at: number;
  };
  users: {
    id: string;
    workspace_id: string;
    name: string;
    email: string | null;
    role: Role;
    password_hash: string | null;
    disabled_at: number | null;
    created_at: number;
  };
  /** The identities that people have at the company's IdP or at a trusted proxy. */
  external_identities: {
    workspace_id: string;
    issuer: string;
    subject: string;
    user_id: string;
    created_at: number;
  };
  groups: { workspace_id: string; name: string; created_at: number; default_bundle: string | null };
  /** The IdP's names for people whom it provisions. `user_name_key`: the user name in lower case. */
  provisioned_users: {
    user_id: string;
    workspace_id: string;
    user_name: string;
    user_name_key: string;
    external_id: string | null;
    display_name: string | null;
    given_name: string | null;
    family_name: string | null;
  };
  provisioned_groups: { workspace_id: string; group_name: string; display_name: string; external_id: string | null };
  /** `on_call_until`: null where they are not on call. */
  group_members: { workspace_id: string; group_name: string; user_id: string; on_call_until: number | null };
  devices: {
    id: string;
    workspace_id: string;
    user_id: string;
    name: string;
    platform: string;
    address: string;
    created_at: number;
    last_seen_at: number;
    revoked_at: number | null;
  };
  /** `tokens`: in clear in the files of AI clients; `live`: of them, those that are secrets in use here. */
  laptop_findings: { workspace_id: string; device_id: string; tokens: number; live: number; reported_at: number };
  /** `digest`: of what is proposed, so that two who propose the same are found. */
  proposals: {
    id: string;
    workspace_id: string;
    name: string;
    transport_json: string;
    digest: string;
    state: 'open' | 'accepted' | 'declined';
    created_at: number;
    decided_at: number | null;
    decided_by: string | null;
  };
  proposal_people: { workspace_id: string; proposal_id: string; user_id: string };
  grants: {
    id: string;
    workspace_id: string;
    label: string;
    user_id: string | null;
    token_hash: string;
    servers_json: string;
    allow_from_json: string;
    expires_at: number | null;
    created_at: number;
    created_by: string;
    last_used_at: number | null;
    revoked_at: number | null;
  };
  admin_tokens: {
    id: string;
    workspace_id: string;
    label: string;
    role: AdminTokenRecord['role'];
    token_hash: string;
    expires_at: number | null;
    created_at: number;
    created_by: string;
    last_used_at: number | null;
    revoked_at: number | null;
  };
  one_time_links: {
    token_hash: string;
    workspace_id: string;
    kind: 'setup' | 'password';
    user_id: string | null;
    expires_at: number;
  };
  web_sessions: {
    token_hash: string;
    workspace_id: string;
    user_id: string;
    address: string;
    user_agent: string;
    created_at: number;
    expires_at: number;
    /** When the person last showed who they are; `proof_hash`: of the cookie that must come with it, where that was after the sign-in. */
    authenticated_at: Generated<number>;
    proof_hash: string | null;
    method: Generated<SignInMethod>;
    second_factor: SecondFactor | null;
    weak_password: Generated<number>;
  };
  passkeys: {
    id: string;
    workspace_id: string;
    user_id: string;
    credential_id: string;
    public_key: Uint8Array;
    counter: number;
    transports_json: string;
    backed_up: number;
    name: string;
    created_at: number;
    last_used_at: number | null;
  };
  oauth_objects: {
    workspace_id: string;
    kind: string;
    id_hash: string;
    payload: string;
    grant_id: string | null;
    user_code: string | null;
    uid: string | null;
    consumed_at: number | null;
    expires_at: number | null;
  };
  /** `is_told`: that it became the current one is in the log. `key_file`: where an administrator keeps it, where that is said. */
  master_keys: {
    id: string;
    state: 'current' | 'next' | 'retired';
    created_at: number;
    retired_at: number | null;
    key_file: string | null;
    begun_by: string | null;
    is_told: number;
  };
  /** `number`: in the order in which they were made; the highest seals what is new. */
  data_keys: { id: string; number: number; created_at: number };
  wrapped_keys: { data_key_id: string; master_key_id: string; wrapped: Uint8Array };
  signing_keys: { kid: string; sealed: Uint8Array; created_at: number; signs_from: number | null };
  servers: {
    id: string;
    workspace_id: string;
    name: string;
    enabled: number;
    transport_json: string;
    isolation: Isolation;
    trust_annotations: number;
    read_tools_json: string;
    write_tools_json: string;
    credential: WhoseCredential;
    account_json: string | null;
    revision: number;
    folder: string;
    probe_json: string | null;
    definitions: DefinitionPolicy;
    audit_arguments: AuditArguments;
    created_at: number;
    updated_at: number;
  };
  /** What servers are and were called, from when on. Rows stay when a server is removed: the log has its names. */
  server_names: { workspace_id: string; server_id: string; name: string; since: number };
  /** What somebody has at a server. `owner`: `user:ID` or `shared`; `user_id`: so that it goes with the person. */
  accounts: {
    workspace_id: string;
    server_id: string;
    owner: string;
    user_id: string | null;
    kind: AccountForm['kind'];
    state: AccountState;
    version: number;
    sealed: Uint8Array;
    scopes_json: string;
    wanted_json: string;
    /** Of the access token; null: it does not say, or there is none. */
    expires_at: number | null;
    lease_holder: string | null;
    lease_until: number | null;
    in_use_since: number | null;
    created_at: number;
    updated_at: number;
  };
  /** Clients that the broker has registered at authorization servers. */
  oauth_registrations: {
    workspace_id: string;
    issuer: string;
    redirect_uri: string;
    sealed: Uint8Array;
    created_at: number;
  };
  /** One row for each name. It stays when the secret is removed, so that no version number is ever given to two values. */
  secrets: { workspace_id: string; name: string; last_version: number };
  secret_versions: SecretVersionsTable;
  /** Where secrets come from that are not kept here. */
  secret_sources: {
    workspace_id: string;
    name: string;
    reference: string;
    keep_for_ms: number;
    refresh_ms: number | null;
    first_version: number;
    set_at: number;
  };
  /** What was seen of servers' tools, prompts, templates and instructions. `accepted_at`: null where nobody has accepted it. */
  definitions: {
    workspace_id: string;
    server_id: string;
    kind: DefinitionKind;
    name: string;
    digest: string;
    text: string;
    legacy_text: string | null;
    owner: string | null;
    flags_json: string;
    seen_at: number;
    withdrawn_at: number | null;
    accepted_at: number | null;
    accepted_by: string | null;
  };
  /** The kinds of which a server has given its first list. */
  definition_lists: { server_id: string; kind: DefinitionKind; since: number };
  policies: { workspace_id: string; version: number; enforcement: Enforcement };
  rules: {
    workspace_id: string;
    id: string;
    /** The policy version with which the rule was added. Rules are ordered by it. */
    added_in: number;
    effect: Rule['effect'];
    who_json: string;
    what_json: string;
    note: string | null;
    created_at: number;
    created_by: string;
    except_json: string;
    condition: string | null;
    limits_json: string;
    ends_at: number | null;
    observe: number;
    approvers_json: string;
  };
  /** What was used of a limit by one of those who share it. */
  limit_uses: {
    workspace_id: string;
    rule_id: string;
    /** Which limit of the rule, from 0. */
    place: number;
    subject: string;
    uses_json: string;
    /** From when on nothing of it counts any more, ms since the epoch. */
    over_at: number;
  };
  approvals: ApprovalsTable;
  bundles: {
    workspace_id: string;
    name: string;
    description: string | null;
    tools_json: string;
    created_at: number;
    updated_at: number;
    created_by: string;
  };
  /** `options_json`: what only a hook of its kind has, and the names of its secrets. */
  hooks: {
    workspace_id: string;
    name: string;
    kind: Hook['kind'];
    url: string;
    enabled: number;
    timeout_ms: number;
    options_json: string;
    managed_by: string | null;
    created_at: number;
    updated_at: number;
    created_by: string;
  };
  /** What is managed by configurations; `applied_json`: what it was when its configuration was applied last. */
  managed: {
    workspace_id: string;
    kind: ConfigurationKind;
    name: string;
    managed_by: string;
    applied_json: string;
    applied_at: number;
  };
  audit_chains: { id: Generated<number>; name: string; format: number };
  audit_words: { id: Generated<number>; workspace_id: string; kind: WordKind; digest: Uint8Array; text: string };
  audit_rows: RowColumns;
  /** Arguments of calls, sealed; `position`: of the row that binds them. */
  audit_arguments: { position: number; sealed: Uint8Array };
  /** Spans of calls that are not known to have gone out; `position`: of the row of the outcome. */
  call_spans: { position: number; spans: string };
  audit_archives: AuditArchivesTable;
  audit_archived_spans: AuditArchivedSpansTable;
  audit_archiving: { id: number; holder: string; lease_until: number };
  /** `done_at`: it has arrived, or was let go; the row stays for a while without its payload. */
  deliveries: {
    number: Generated<number>;
    workspace_id: string;
    destination: string;
    id: string;
    payload: string;
    bytes: number;
    created_at: number;
    done_at: number | null;
  };
  /** How far a destination has had the audit log; `position`: of the last row that it has had of a chain. */
  log_feeds: DestinationTable;
  untold_events: {
    batch: string;
    place: number;
    workspace_id: string;
    event_json: string;
    created_at: number;
    lease_until: number;
  };
  removed_rules: { workspace_id: string; id: string; sentence: string; removed_by: string; removed_at: number };
  log_feed_places: { destination: string; chain: number; workspace_id: string; position: number };
  delivery_states: DestinationTable;
}
