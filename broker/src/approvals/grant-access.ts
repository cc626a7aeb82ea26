// Access that was asked for, as a rule for that person and that thing, which ends. The rule is stored with the decision itself, so that nothing is
// approved without it.
import { changeNotes } from '../domain/change-notes.ts';
import type { Audit } from '../audit/audit.ts';
import type { Approval } from '../domain/approval.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { NewRule, Rule } from '../domain/rule.ts';

export function ruleGranting({ id, who, what }: Approval, until: number, by: Actor): NewRule {
  return { effect: 'allow', who: [who], what: [what], until, note: `request ${id}`, createdBy: by.name };
}

/** Makes it hold from the next call on, and records it. */
export function createGrantAccess({
  audit,
  policyChanged,
}: {
  audit: Pick<Audit, 'event'>;
  policyChanged: (workspaceId: string) => void;
}) {
  return async (workspaceId: string, { id, effect, who, what, until, note = '' }: Rule, by: Actor): Promise<void> => {
    policyChanged(workspaceId);
    const rule = { effect, who, what, until: until === undefined ? null : new Date(until).toISOString(), note };
    await audit.event({
      workspace_id: workspaceId,
      type: 'rule.added',
      actor: by.name,
      subject: `rule:${id}`,
      address: by.address,
      data: { ...rule, ...changeNotes(undefined, rule) },
    });
  };
}
