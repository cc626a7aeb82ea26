// The table of roles: who may call which endpoints of the administration. Endpoints for members only show and change the member's own things; each
// operation checks that.

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

export const MAY: Readonly<Record<ApiRole, ReadonlySet<Access>>> = {
  admin: new Set(['admin', 'operator', 'auditor', 'member', 'anyone']),
  operator: new Set(['operator', 'member', 'anyone']),
  auditor: new Set(['auditor', 'member', 'anyone']),
  member: new Set(['member', 'anyone']),
  scim: new Set(),
};

const inWords = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

export const NO_ROLE = `a role is ${inWords(ROLES)}`;
export const NO_TOKEN_ROLE = `a role is ${inWords(TOKEN_ROLES)}`;
