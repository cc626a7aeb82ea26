// Who sees what waits for a person: whoever asked, whoever may decide, and whoever administers or reads the log.
import { may } from 'mcpgate-shared/api/roles';
import type { Approvals, Decider } from '../../approvals/approvals.ts';
import type { Approval } from '../../domain/approval.ts';
import type { Caller } from '../operation.ts';

export const deciderOf = ({ actor, principal, role }: Caller): Decider => ({
  actor,
  principal,
  isAdministrator: may(role, 'administer'),
});

export function createMaySee(
  approvals: Pick<Approvals, 'refusalFor'>,
): (approval: Approval, caller: Caller) => Promise<boolean> {
  return async (approval, caller) =>
    may(caller.role, 'others_things') ||
    may(caller.role, 'auditor') ||
    approval.ownerKey === ownKeyOf(caller) ||
    (await approvals.refusalFor(approval, deciderOf(caller))) === undefined;
}

function ownKeyOf({ principal }: Caller): string | undefined {
  if (principal === undefined) return undefined;
  return principal.user === undefined ? `grant:${principal.credential.id}` : `user:${principal.user.id}`;
}
