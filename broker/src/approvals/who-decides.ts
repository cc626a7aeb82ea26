// Who may decide an approval: the approvers of its rule, administrators where the rule names none, and nobody for a call of their own unless the
// rule says `self`. Pure.
import { type Approval, ON_CALL, SELF } from '../domain/approval.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { Decider } from './approvals.ts';

type Matches = (pattern: string, text: string) => boolean;
type Somebody = Pick<Principal, 'user' | 'credential'>;

/** The names of those who are on call now, by their group. */
export type OnCall = ReadonlyMap<string, readonly string[]>;

export interface KnownWho {
  /** As the globs of rules do. */
  matches: Matches;
  onCall: OnCall;
}

/** Why not; undefined: they may. */
export function refusalFor(approval: Approval, decider: Decider, known: KnownWho): string | undefined {
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
  return isAmong(others, principal, known) ? undefined : `${approversText(others, who, known.onCall)} decides it`;
}

/** Whether they are one of the approvers, `self` apart. */
function isAmong(approvers: readonly string[], somebody: Somebody, { matches, onCall }: KnownWho): boolean {
  const names = namesOf(somebody, onCall);
  return approvers.some((each) => names.some((name) => matches(each, name)));
}

/** `group:leads or grace, on call for payments`. `who`: whoever asks, as rules name them. */
export function approversText(approvers: readonly string[], who: string, onCall: OnCall): string {
  if (approvers.length === 0) return 'an administrator';
  return approvers
    .map((each) => {
      if (each === SELF) return who;
      if (!each.startsWith(ON_CALL)) return each;
      const group = each.slice(ON_CALL.length);
      const now = onCall.get(group) ?? [];
      return now.length === 0
        ? `group:${group} (nobody of it is on call)`
        : `${now.map((name) => `user:${name}`).join(' or ')} (on call for ${group})`;
    })
    .join(' or ');
}

/**
 * Those of `people` who may decide what the rule asks about when it is asked by others than themselves; undefined where administrators do, or whoever
 * calls.
 */
export function decidersAmong<P extends Somebody>(
  approvers: readonly string[],
  people: readonly P[],
  known: KnownWho,
): P[] | undefined {
  if (approvers.length === 0 || approvers.includes(SELF)) return undefined;
  return people.filter((each) => isAmong(approvers, each, known));
}

export const keyOf = ({ user, credential }: Somebody): string =>
  user === undefined ? `grant:${credential.id}` : `user:${user.id}`;

/** Where nobody of a group is on call, everybody of it is asked. */
function namesOf({ user, credential }: Somebody, onCall: OnCall): string[] {
  if (user === undefined) return credential.kind === 'grant' ? [`grant:${credential.label}`] : [];
  const { name, role, groups } = user;
  const called = groups.filter((group) => {
    const now = onCall.get(group) ?? [];
    return now.length === 0 || now.includes(name);
  });
  return [
    ...[`user:${name}`, `role:${role}`],
    ...groups.map((group) => `group:${group}`),
    ...called.map((group) => ON_CALL + group),
  ];
}
