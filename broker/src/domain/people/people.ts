// People with their groups, devices, tokens and logins: as the store keeps them (`…Record`), and as the administration shows them.
import type { Role, TokenRole } from 'mcpgate-shared/api/roles';
import type { InTime } from '../bounds/part.ts';

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

/** A group and the names of its members, in order. */
export interface Group {
  name: string;
  members: string[];
  /** Those of them who are on call now. `until`: ms since the epoch; null: no end was said. */
  onCall: { user: string; until: number | null }[];
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
  /** Addresses and ranges (CIDR) that the grant may be used from; empty: anywhere. */
  allowFrom: readonly string[];
  expiresAt: number | null;
  createdAt: number;
  createdBy: string;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

/** A bearer token for the administration itself. */
export interface AdminTokenRecord {
  id: string;
  workspaceId: string;
  label: string;
  role: TokenRole;
  /** SHA-256 of the token, hex. */
  tokenHash: string;
  expiresAt: number | null;
  createdAt: number;
  createdBy: string;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

/** An administration token as the administration shows it: without its hash. */
export type AdminToken = Omit<AdminTokenRecord, 'tokenHash'> & { state: Exclude<TokenState, 'suspended'> };

/** `suspended`: the token's person is disabled, so the token is refused until the person is enabled again. */
export type TokenState = 'active' | 'suspended' | 'expired' | 'revoked';

/** A user as the administration shows them: without the password hash. */
export type Person = Omit<UserRecord, 'passwordHash'> & { hasPassword: boolean };

/** A grant as the administration shows it: without the token's hash. */
export type Grant = Omit<GrantRecord, 'tokenHash' | 'userId'> & {
  user: string | null;
  state: TokenState;
};

/** A device with its owner's name. `loggedIn`: it has a login that has not ended. */
export type Device = DeviceRecord & { user: string; loggedIn: boolean };

/** A login that lasts: a device's OAuth grant (`device`), an HTTP client's (`oauth`) or a browser's cookie (`web`). */
export interface Session {
  /** The id that `session end` takes. */
  id: string;
  kind: 'device' | 'oauth' | 'web';
  user: string;
  /** The device's name, the client's, or the browser's user agent. */
  label: string;
  /** The resource and scopes that a person allowed an HTTP client; null for devices and browsers. */
  access: { resource: string; scopes: readonly string[] } | null;
  address: string;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number | null;
}

/** Where a session stands in the list of them: those of devices come first, then those of HTTP clients, then those of browsers. */
export interface SessionPlace extends InTime {
  kind: Session['kind'];
}
