// People and groups as the company's IdP keeps them here (SCIM): by ids, under names of its own. What it does goes through the same
// functions as an administrator's commands, so it cuts off at once and is in the log with its receipt.
import type { Actor } from '../../domain/receipt.ts';

export interface ProvisionedPerson {
  id: string;
  /** What the IdP calls the person; for somebody whom it has not provisioned, the e-mail address or else the name here. */
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

/** What is left out stays. */
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
  /** A member with a name made of the user name. Throws `conflict` where somebody here has that user name. */
  add(workspaceId: string, person: PersonChange & { userName: string }, actor: Actor): Promise<ProvisionedPerson>;
  /** Cuts off first where the person becomes inactive: nothing else in the change can keep it from that. */
  change(workspaceId: string, id: string, change: PersonChange, actor: Actor): Promise<ProvisionedPerson>;
  remove(workspaceId: string, id: string, actor: Actor): Promise<void>;
}

export interface ProvisionedTeam {
  /** The group's name here, made of the first display name; it stays, because rules are written with it. */
  id: string;
  displayName: string;
  externalId: string | null;
  createdAt: number;
}

export interface TeamChange {
  displayName?: string;
  externalId?: string | null;
  /** Ids of people. `set` is done before the others. */
  members?: { set?: readonly string[]; add: readonly string[]; take: readonly string[] };
}

export type TeamFilter = { by: 'id' | 'displayName' | 'externalId'; value: string };

export interface ProvisionedTeams {
  list(workspaceId: string, filter?: TeamFilter): Promise<ProvisionedTeam[]>;
  membersOf(workspaceId: string, id: string): Promise<{ id: string; name: string }[]>;
  /** Throws `not_found`, as all below do. */
  show(workspaceId: string, id: string): Promise<ProvisionedTeam>;
  /** Throws `conflict` where there is a group of that name, `usage` where no name can be made of it, or a member is nobody here. */
  add(workspaceId: string, team: TeamChange & { displayName: string }, actor: Actor): Promise<ProvisionedTeam>;
  change(workspaceId: string, id: string, change: TeamChange, actor: Actor): Promise<ProvisionedTeam>;
  remove(workspaceId: string, id: string, actor: Actor): Promise<void>;
}

export interface Provisioning {
  readonly people: ProvisionedPeople;
  readonly teams: ProvisionedTeams;
}
