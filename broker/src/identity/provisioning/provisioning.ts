// Provisioning: the company's IdP keeps people and groups in this broker over SCIM, under its own names for them. Its changes go through the same
// functions as an administrator's commands, so a deactivated person is cut off at once, and the audit log has the receipt.
import type { Actor } from '../../domain/people/receipt.ts';

export interface ProvisionedPerson {
  id: string;
  /** The IdP's name for the person. For somebody whom the IdP has not named, their e-mail address, or else their name in mcpgate. */
  userName: string;
  externalId: string | null;
  displayName: string | null;
  givenName: string | null;
  familyName: string | null;
  email: string | null;
  active: boolean;
  groups: readonly string[];
  createdAt: number;
}

/** A change to a person; members that are left out stay as they are. */
export interface PersonChange {
  userName?: string;
  externalId?: string | null;
  displayName?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  email?: string | null;
  active?: boolean;
}

export type PersonFilter = { by: 'id' | 'userName' | 'externalId'; value: string };

export interface ProvisionedPeople {
  find(workspaceId: string, filter: PersonFilter): Promise<ProvisionedPerson[]>;
  list(
    workspaceId: string,
    page: { offset: number; limit: number },
  ): Promise<{ total: number; people: ProvisionedPerson[] }>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, id: string): Promise<ProvisionedPerson>;
  /** Adds a person with the role `member`, under a name made of the user name. Throws `conflict` where somebody has that user name already. */
  add(workspaceId: string, person: PersonChange & { userName: string }, actor: Actor): Promise<ProvisionedPerson>;
  /** Where the person becomes inactive, that is done first, so that no error in the rest of the change can prevent it. */
  change(workspaceId: string, id: string, change: PersonChange, actor: Actor): Promise<ProvisionedPerson>;
  remove(workspaceId: string, id: string, actor: Actor): Promise<void>;
}

export interface ProvisionedTeam {
  /** The group's name in mcpgate, made of the first display name. It stays when the display name changes, because rules name the group by it. */
  id: string;
  displayName: string;
  externalId: string | null;
  createdAt: number;
}

export interface TeamChange {
  displayName?: string;
  externalId?: string | null;
  /** Ids of people. `set` replaces all members, before `add` and `take` are done. */
  members?: { set?: readonly string[]; add: readonly string[]; take: readonly string[] };
}

export type TeamFilter = { by: 'id' | 'displayName' | 'externalId'; value: string };

export interface ProvisionedTeams {
  list(workspaceId: string, filter?: TeamFilter): Promise<ProvisionedTeam[]>;
  membersOf(workspaceId: string, id: string): Promise<{ id: string; name: string }[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, id: string): Promise<ProvisionedTeam>;
  /** Throws `conflict` where there is a group of that name, `usage` where no name can be made of the display name or a member does not exist. */
  add(workspaceId: string, team: TeamChange & { displayName: string }, actor: Actor): Promise<ProvisionedTeam>;
  change(workspaceId: string, id: string, change: TeamChange, actor: Actor): Promise<ProvisionedTeam>;
  remove(workspaceId: string, id: string, actor: Actor): Promise<void>;
}

export interface Provisioning {
  readonly people: ProvisionedPeople;
  readonly teams: ProvisionedTeams;
}
