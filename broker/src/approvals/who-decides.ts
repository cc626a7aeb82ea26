// Who may decide an approval: the approvers of its rule, administrators where the rule names none, and nobody for a call of their own unless the
// rule says `self`.
import { type Approval, SELF } from '../domain/approval.ts';
import type { Decider } from './approvals.ts';

type Matches = (pattern: string, text: string) => boolean;

/** Why not; undefined: they may. `matches`: as the globs of rules do. */
export function refusalFor(approval: Approval, decider: Decider, matches: Matches): string | undefined {
  const { approvers, ownerKey, who } = approval;
  const { principal, isAdministrator } = decider;
  const others = approvers.filter((each) => each !== SELF);
  const isOwn = principal !== undefined && keyOf(principal) === ownerKey;
  if (isOwn)
    return approvers.includes(SELF) ? undefined : 'it is a request of your own, and somebody else has to decide it';
  if (approvers.length > 0 && others.length === 0) return `only ${who} can confirm it`;
  // Whoever runs the broker can change the rule as well.
  if (principal === undefined)
    return isAdministrator ? undefined : 'an administration token decides only with the role admin';
  if (others.length === 0) return isAdministrator ? undefined : 'an administrator decides it';
  const names = namesOf(principal);
  if (others.some((each) => names.some((name) => matches(each, name)))) return undefined;
  return `${others.join(' or ')} decides it`;
}

const keyOf = ({ user, credential }: NonNullable<Decider['principal']>): string =>
  user === undefined ? `grant:${credential.id}` : `user:${user.id}`;

function namesOf({ user, credential }: NonNullable<Decider['principal']>): string[] {
  if (user === undefined) return credential.kind === 'grant' ? [`grant:${credential.label}`] : [];
  return [`user:${user.name}`, `role:${user.role}`, ...user.groups.map((group) => `group:${group}`)];
}
