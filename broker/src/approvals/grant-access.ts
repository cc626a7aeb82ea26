// Grants access that was asked for: a rule for that person and that thing, which ends.
import type { Audit } from '../audit/audit.ts';
import type { Approval } from '../domain/approval.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { Store } from '../store/store.ts';

export function createGrantAccess({
  store,
  audit,
  policyChanged,
}: {
  store: Pick<Store, 'policy'>;
  audit: Pick<Audit, 'event'>;
  policyChanged: (workspaceId: string) => void;
}) {
  return async ({ workspaceId, id, who, what }: Approval, until: number, by: Actor): Promise<string> => {
    const note = `request ${id}`;
    const granted = { effect: 'allow', who: [who], what: [what], until, note, createdBy: by.name } as const;
    const rule = await store.policy.addRule(workspaceId, granted);
    policyChanged(workspaceId);
    await audit.event({
      workspace_id: workspaceId,
      type: 'rule.added',
      actor: by.name,
      subject: `rule:${rule.id}`,
      address: by.address,
      data: { effect: 'allow', who: [who], what: [what], until: new Date(until).toISOString(), note },
    });
    return rule.id;
  };
}
