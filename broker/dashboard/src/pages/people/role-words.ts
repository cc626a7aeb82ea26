// What each role may do, in a sentence.
import { ROLES, type Role } from 'mcpgate-shared/api/roles';

export const ROLE_MEANING: Readonly<Record<Role, string>> = {
  admin: 'everything',
  operator: 'servers, rules and the broker’s state; no secrets and no people',
  auditor: 'reads the log, and sees who is here; changes nothing',
  member: 'what is their own',
};

export const ROLE_CHOICES = ROLES.toReversed().map((value) => ({ value, label: `${value}: ${ROLE_MEANING[value]}` }));

export const asRole = (text: string | null): Role | undefined => ROLES.find((role) => role === text);
