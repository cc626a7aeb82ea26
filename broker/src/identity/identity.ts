// People, groups, devices, grants and the OAuth server. `authenticate` is the one door for bearer tokens. Every function that changes
// something takes the actor, writes an audit event, and answers only when the change is committed.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audience, Principal, Role } from '../domain/principal.ts';
import type { DeviceRecord, GrantRecord, UserRecord } from '../store/store.ts';
import type { WebAccess } from './web-access.ts';

export type Authentication =
  | { kind: 'ok'; principal: Principal }
  /** `revoked` covers disabled users and revoked devices and grants; `wrong_audience` a token meant for another door. */
  | { kind: 'rejected'; reason: 'missing' | 'unknown' | 'expired' | 'revoked' | 'wrong_audience'; message: string };

/** Something that ended: every live link, session and call of a matching principal must end at once. */
export interface Revocation {
  workspaceId: string;
  /** What matches: a user id, a device id, a grant id. */
  kind: 'user' | 'device' | 'grant';
  id: string;
  reason: string;
}

export interface Receipt {
  /** `user:ada`, `device:…`, `grant:…`, `session:…` */
  subject: string;
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  at: string;
}

export type RevocationListener = (revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>;

/** Who does it: a user name, `host:USERNAME`, `admin-token:LABEL`; the address it came from, where there is one. */
export interface Actor {
  name: string;
  address: string | null;
}

/** A user as others may see it: never the password hash. */
export type Person = Omit<UserRecord, 'passwordHash'> & { hasPassword: boolean };

/** A grant as others may see it: never the token's hash. */
export type Grant = Omit<GrantRecord, 'tokenHash' | 'userId'> & {
  user: string | null;
  state: 'active' | 'expired' | 'revoked';
};

/** A device with its owner's name. */
export type Device = DeviceRecord & { user: string };

/** A login that lasts: a device's OAuth grant (`device`) or a browser's cookie (`web`). */
export interface Session {
  /** What `session end` names. */
  id: string;
  kind: 'device' | 'web';
  user: string;
  /** The device's name, or the browser's user agent. */
  label: string;
  address: string;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number | null;
}

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
}

export interface Devices {
  list(workspaceId: string, filter?: { user?: string }): Promise<Device[]>;
  /** `id` may be cut to a prefix that fits one device only. Throws `not_found`, `usage` (ambiguous). */
  revoke(workspaceId: string, id: string, actor: Actor): Promise<Receipt>;
}

export interface Sessions {
  list(workspaceId: string, filter?: { user?: string }): Promise<Session[]>;
  /** Ends the login; the device itself stays known and may log in again. */
  end(workspaceId: string, id: string, actor: Actor): Promise<Receipt>;
}

export interface Grants {
  /** The token is in this answer only. Throws `usage`, `not_found` (user), `conflict` (label in use by a grant that is active). */
  issue(
    workspaceId: string,
    grant: { label: string; servers: readonly string[]; user?: string; expiresAt?: number | null },
    actor: Actor,
  ): Promise<{ grant: Grant; token: string }>;
  list(workspaceId: string): Promise<Grant[]>;
  /** By id (or a prefix that fits one only) or by the label of an active grant. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor): Promise<Receipt>;
}

export interface Identity {
  /** Checks the token, the credential behind it and its person, now. A rejection is recorded in the audit log by the caller's edge. */
  authenticate(bearer: string | undefined, audience: Audience): Promise<Authentication>;
  /** Listeners run after the change is committed; a receipt waits for all of them. Returns the function that ends it. */
  onRevoked(listener: RevocationListener): () => void;
  readonly users: Users;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly grants: Grants;
  /** Approves a device login that waits (`login approve CODE --as NAME`). The code as a person types it. Throws `not_found`, `gone`, `conflict`. */
  approveDevice(workspaceId: string, userCode: string, userName: string, actor: Actor): Promise<Device>;
  /** A new set-up link, which replaces the one before it; undefined where the workspace has an administrator. */
  setupLink(workspaceId: string): Promise<OneTimeUrl | undefined>;
  /**
   * Serves `/oauth/*` and `/.well-known/{openid-configuration,oauth-authorization-server}`. Reads the body itself: mount it where no
   * parser has touched the request. `address` is the visitor's, as the proxy rules say; else the socket's.
   */
  readonly oauth: (request: IncomingMessage, response: ServerResponse, address?: string) => void;
  /** What the pages need: browser sessions, passwords, one-time links, device confirmation. */
  readonly web: WebAccess;
  /** Ends timers. */
  close(): void;
}
