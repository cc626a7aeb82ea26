// The table of roles: who may call which endpoints of the administration, and what else follows from a role. Nothing else compares a role with its
// name. Endpoints for members only show and change the member's own things; each operation checks that.

/** Roles of people, the highest first. */
export const ROLES = ['admin', 'operator', 'auditor', 'member'] as const;
/** Roles of administration tokens; `scim`: may only manage people at `/scim/v2`. */
export const TOKEN_ROLES = ['admin', 'operator', 'auditor', 'scim'] as const;

export type Role = (typeof ROLES)[number];
export type TokenRole = (typeof TOKEN_ROLES)[number];
/** The roles that a caller of the API can have. */
export type ApiRole = Role | TokenRole;

/**
 * Who may call an endpoint, besides administrators: nobody (`admin`); operators, who see to servers and rules; auditors, who read the log;
 * every person (`member`), and then only for what is their own; or whoever has a token (`anyone`).
 */
export type Access = 'admin' | 'operator' | 'auditor' | 'member' | 'anyone';

/** What a role means beside the endpoints. */
export type Right =
  /** To administer the workspace: it is set up once it has somebody who may, and their password stays good where an IdP signs the others in. */
  | 'administer'
  /** To see and change what is others': their devices, sessions and grants, and the accounts that everybody uses. */
  | 'others_things'
  /** To see it alone. */
  | 'see_others'
  /** To say where secrets and accounts are sent, and to have a server tested by a call that no rule allows. */
  | 'reach'
  /** To have any command run on the broker's host; of the first workspace only. */
  | 'commands'
  /** To enter other workspaces; of the first workspace only. */
  | 'workspaces'
  /** To manage people over SCIM. */
  | 'scim'
  /** To be given another e-mail address over SCIM. */
  | 'told_email';

const MAY: Readonly<Record<ApiRole, ReadonlySet<Access | Right>>> = {
  admin: new Set([
    ...(['admin', 'operator', 'auditor', 'member', 'anyone'] as const),
    ...(['administer', 'others_things', 'see_others', 'reach', 'commands', 'workspaces'] as const),
  ]),
  operator: new Set(['operator', 'member', 'anyone'] as const),
  auditor: new Set(['auditor', 'member', 'anyone', 'see_others'] as const),
  member: new Set(['member', 'anyone', 'told_email'] as const),
  scim: new Set(['scim'] as const),
};

export const may = (role: ApiRole, right: Access | Right): boolean => MAY[role].has(right);

const inWords = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

export const NO_ROLE = `a role is ${inWords(ROLES)}`;
export const NO_TOKEN_ROLE = `a role is ${inWords(TOKEN_ROLES)}`;
