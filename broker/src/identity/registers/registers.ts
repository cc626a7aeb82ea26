// What is kept of people and of what they are connected with: each with what may be done about it. Every change takes who makes it.
import type { Device, DeviceRecord, Grant, Group, Person, Session } from '../../domain/people.ts';
import type { Actor, Receipt } from '../../domain/receipt.ts';
import type { Role } from 'mcpgate-shared/api/roles';

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
