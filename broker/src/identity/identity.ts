// People, groups, devices, grants and the OAuth server. `authenticate` is the one door for bearer tokens. Every function that changes
// something takes the actor, writes an audit event, and answers only when the change is committed.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminToken, Device, DeviceRecord, Grant, Group, Person, Session } from '../domain/people.ts';
import type { Role } from 'mcpgate-shared/roles';
import type { Audience, Principal } from '../domain/principal.ts';
import type { Live, Revocation } from '../domain/revocation.ts';
import type { Actor, Receipt } from '../domain/receipt.ts';
import type { CompanyLogin } from './idp/company-login.ts';
import type { ForwardedPeople } from './idp/forwarded-people.ts';
import type { Consents } from './oauth/consents.ts';
import type { Provisioning } from './provisioning/provisioning.ts';
import type { WebAccess } from './web-access.ts';

/**
 * `mistyped`: a token whose checksum does not fit; `revoked` covers disabled users and revoked devices and grants; `wrong_audience`: a
 * token meant for another door; `wrong_address`: a grant that may not be used from there.
 */
export type RejectionReason =
  'missing' | 'unknown' | 'mistyped' | 'expired' | 'revoked' | 'wrong_audience' | 'wrong_address';

type Rejected = { kind: 'rejected'; reason: RejectionReason; message: string };

export type Authentication = { kind: 'ok'; principal: Principal } | Rejected;

export type RevocationListener = (revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>;

/** A person's role or groups are others now: whatever keeps them for live sessions takes these. */
export type ChangeListener = (person: NonNullable<Principal['user']> & { workspaceId: string }) => void;

export interface OneTimeUrl {
  /** Holds the secret: print it or hand it over, never log it. */
  url: string;
  expiresAt: number;
}

export interface Users {
  /** Throws `usage` (name, email or role does not fit), `conflict` (name taken). The person has no password yet: see `link`. */
  add(
    workspaceId: string,
    user: { name: string; email?: string | null; role?: Role; groups?: readonly string[] },
    actor: Actor,
  ): Promise<Person>;
  list(workspaceId: string): Promise<Person[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, name: string): Promise<Person & { devices: DeviceRecord[]; grants: Grant[] }>;
  /** A new one-time link to set one's password; ends the one before it. Throws `conflict` for a disabled user. */
  link(workspaceId: string, name: string, actor: Actor): Promise<OneTimeUrl>;
  /** Commits, ends every token and browser session, then waits for the listeners. Again on a disabled user: again a receipt. */
  disable(workspaceId: string, name: string, actor: Actor): Promise<Receipt>;
  enable(workspaceId: string, name: string, actor: Actor): Promise<Person>;
  remove(workspaceId: string, name: string, actor: Actor): Promise<Receipt>;
  setGroups(workspaceId: string, name: string, groups: readonly string[], actor: Actor): Promise<Person>;
  setRole(workspaceId: string, name: string, role: Role, actor: Actor): Promise<Person>;
}

export interface Groups {
  list(workspaceId: string): Promise<Group[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, name: string): Promise<Group>;
  /** Makes the group where it does not exist. */
  add(workspaceId: string, name: string, users: readonly string[], actor: Actor): Promise<Group>;
  take(workspaceId: string, name: string, users: readonly string[], actor: Actor): Promise<Group>;
  remove(workspaceId: string, name: string, actor: Actor): Promise<Group>;
  /** Disables every member; the receipt is of all of them. */
  disable(workspaceId: string, name: string, actor: Actor): Promise<Receipt>;
}

export interface Devices {
  /** Throws `not_found` for a person who is not there, as `Sessions` does. */
  list(workspaceId: string, filter?: { user?: string }): Promise<Device[]>;
  /** `id` may be cut to a prefix that fits one device only; of a filter's person's. Throws `not_found`, `usage` (ambiguous). */
  revoke(workspaceId: string, id: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}

export interface Sessions {
  list(workspaceId: string, filter?: { user?: string }): Promise<Session[]>;
  /** Ends the login; the device itself stays known and may log in again. */
  end(workspaceId: string, id: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}

export interface Grants {
  /** The token is in this answer only. Throws `usage`, `not_found` (user), `conflict` (label in use by a grant that is active). */
  issue(
    workspaceId: string,
    grant: {
      label: string;
      servers: readonly string[];
      user?: string;
      allowFrom?: readonly string[];
      expiresAt?: number | null;
    },
    actor: Actor,
  ): Promise<{ grant: Grant; token: string }>;
  list(workspaceId: string): Promise<Grant[]>;
  /** By id (or a prefix that fits one only) or by label: of the active grant, else of the last one. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}

export interface AdminTokens {
  /** Checks a token `mca_…`, now. */
  authenticate(token: string): Promise<{ kind: 'ok'; token: AdminToken } | Rejected>;
  /** The token is in this answer only. Throws `usage`, `conflict` (label in use by a token that is active). */
  issue(
    workspaceId: string,
    token: { label: string; role: AdminToken['role']; expiresAt?: number | null },
    actor: Actor,
  ): Promise<{ token: string; record: AdminToken }>;
  list(workspaceId: string): Promise<AdminToken[]>;
  /** By id (or a prefix that fits one only) or by label: of the active token, else of the last one. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor): Promise<Receipt>;
}

export interface Elsewhere {
  /** They were revoked there: ends what is here of them. Throws where something could not be ended. */
  revoked(revocations: readonly Revocation[]): Promise<{ linksClosed: number; callsCancelled: number }>;
  /** The roles or groups of these people, by id, are others now. */
  changed(userIds: readonly string[]): Promise<void>;
  /** Anything may have changed: everybody who is here is looked up again, and who may not be here any more is ended. Returns how many. */
  recheck(): Promise<number>;
}

export interface Identity {
  /**
   * Checks the token, the credential behind it and its person, now. `address`: where it is presented from, as the proxy rules say;
   * without it a grant that is bound to addresses is refused. A rejection is recorded in the audit log by the caller's edge.
   */
  authenticate(bearer: string | undefined, audience: Audience, address?: string): Promise<Authentication>;
  /**
   * Listeners run after the change is committed; a receipt waits for all of them. `live`: whose the things are that the listener would end.
   * Returns the function that ends it.
   */
  onRevoked(listener: RevocationListener, live?: () => Iterable<Live>): () => void;
  /** For what other brokers over the same database have changed. */
  readonly elsewhere: Elsewhere;
  /** Listeners run after the change is committed, before the function that made it answers. */
  onChanged(listener: ChangeListener): () => void;
  readonly users: Users;
  readonly groups: Groups;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly grants: Grants;
  readonly adminTokens: AdminTokens;
  /** People and groups as the company's IdP keeps them here. */
  readonly provisioning: Provisioning;
  /** Approves a device login that waits (`login approve CODE --as NAME`). The code as a person types it. Throws `not_found`, `gone`, `conflict`. */
  approveDevice(workspaceId: string, userCode: string, userName: string, actor: Actor): Promise<Device>;
  /** A new set-up link, which replaces the one before it; undefined where the workspace has an administrator. */
  setupLink(workspaceId: string): Promise<OneTimeUrl | undefined>;
  /**
   * Serves `/oauth/*` and `/.well-known/{openid-configuration,oauth-authorization-server}`. Reads the body itself: mount it where no
   * parser has touched the request. `address` is the visitor's, as the proxy rules say; else the socket's.
   */
  readonly oauth: (request: IncomingMessage, response: ServerResponse, address?: string) => void;
  /** What the page needs on which a person lets an HTTP client in. */
  readonly consents: Consents;
  /** What the pages need: browser sessions, passwords, one-time links, device confirmation. */
  readonly web: WebAccess;
  /** Signing in at the company's IdP, where one is configured. */
  readonly idp: CompanyLogin | undefined;
  /** Those whom a trusted reverse proxy names, where one is configured. */
  readonly forwarded: ForwardedPeople | undefined;
  /** Ends timers. */
  close(): void;
}
