// The registers of identity: people, groups, devices, sessions and grants, each with what the administration can do with it. Every function that
// changes something takes the actor.
import type { InTime, Part } from '../../domain/bounds/part.ts';
import type { Device, DeviceRecord, Grant, Group, Person, Session, SessionPlace } from '../../domain/people/people.ts';
import type { PasskeyRecord } from '../../domain/people/passkey.ts';
import type { Actor, Receipt } from '../../domain/people/receipt.ts';
import type { Role } from 'mcpgate-shared/api/roles';
import type { Demand } from '../../store/repositories/people/users.ts';

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
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<Person[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, name: string): Promise<Person & { devices: DeviceRecord[]; grants: Grant[] }>;
  /** Tokens that they have issued for others or for machines, and that work on without them, as `still_active` of a receipt has them. */
  issuedBy(workspaceId: string, name: string): Promise<string[]>;
  /** Makes a one-time link for the person to set a password; the one before it ends. Throws `conflict` for a disabled user. */
  link(workspaceId: string, name: string, actor: Actor): Promise<OneTimeUrl>;
  passkeys(workspaceId: string, name: string): Promise<PasskeyRecord[]>;
  /**
   * Ends what the person signs in by in a browser: password, passkeys, sessions. Devices and grants stay. `link`: to set a new password; undefined for who
   * signs in at the IdP, or is disabled.
   */
  reset(
    workspaceId: string,
    name: string,
    actor: Actor,
  ): Promise<{ link: OneTimeUrl | undefined; passkeysRemoved: number; sessionsEnded: number }>;
  /** Disables the person, ends their tokens and browser sessions, then waits until all links and calls have ended. May be repeated. */
  disable(workspaceId: string, name: string, actor: Actor, demand?: Demand): Promise<Receipt>;
  enable(workspaceId: string, name: string, actor: Actor): Promise<Person>;
  remove(workspaceId: string, name: string, actor: Actor, demand?: Demand): Promise<Receipt>;
  setGroups(workspaceId: string, name: string, groups: readonly string[], actor: Actor): Promise<Person>;
  setRole(workspaceId: string, name: string, role: Role, actor: Actor, demand?: Demand): Promise<Person>;
}

export interface Groups {
  /** By name. */
  list(workspaceId: string, part?: Part<string>): Promise<Group[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, name: string): Promise<Group>;
  /** Makes the group where it does not exist. */
  add(workspaceId: string, name: string, users: readonly string[], actor: Actor): Promise<Group>;
  take(workspaceId: string, name: string, users: readonly string[], actor: Actor): Promise<Group>;
  remove(workspaceId: string, name: string, actor: Actor): Promise<Group>;
  /** These of its people are on call, and no others; `until`: ms since the epoch, null: for good. Throws `usage` for who is not in it. */
  setOnCall(
    workspaceId: string,
    name: string,
    users: readonly string[],
    until: number | null,
    actor: Actor,
  ): Promise<Group>;
  /** Disables every member of the group; the receipt is the sum of theirs. */
  disable(workspaceId: string, name: string, actor: Actor, demand?: Demand): Promise<Receipt>;
}

export interface Devices {
  /** In the order in which they were made. `filter.user`: those of this person. Throws `not_found` where there is no such person, as `Sessions` does. */
  list(workspaceId: string, filter?: { user?: string }, part?: Part<InTime>): Promise<Device[]>;
  /** `id` may be cut to a prefix that fits only one device (of the filter's person). Throws `not_found`, `usage` (ambiguous). */
  revoke(workspaceId: string, id: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}

export interface Sessions {
  /**
   * Those of devices in the order in which these were made, then those of HTTP clients, then those of browsers, the newest first. A part reads no more
   * than itself.
   */
  list(
    workspaceId: string,
    filter?: { user?: string; kind?: Session['kind'] | undefined },
    part?: Part<SessionPlace>,
  ): Promise<Session[]>;
  /** Ends the login; the device itself stays known and may log in again. */
  end(workspaceId: string, id: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}

export interface Grants {
  /** Makes a grant; no later answer shows its token again. Throws `usage`, `not_found` (user), `conflict` (an active grant has the label). */
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
  /** In the order in which they were made. */
  list(workspaceId: string, part?: Part<InTime>): Promise<Grant[]>;
  /** `idOrLabel`: an id, a prefix that fits only one id, or a label: then the active grant of that label is meant, else the newest one. */
  revoke(workspaceId: string, idOrLabel: string, actor: Actor, filter?: { user?: string }): Promise<Receipt>;
}
