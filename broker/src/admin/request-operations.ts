// The operations on what waits for a person: list, show, approve, deny.
import { requestsApi, type Request } from 'mcpgate-shared/api/rules/requests';
import { approvalNeedsStepUp } from 'mcpgate-shared/api/sign-in/step-up';
import { GateError } from 'mcpgate-shared/error';
import type { Approval } from '../domain/approval.ts';
import type { InTime } from '../domain/bounds/part.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { AdminDependencies } from './dependencies.ts';
import { createMaySee, deciderOf } from './events/visible-requests.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { InTimeSchema, longListOperation, type Row } from './lists/list-operation.ts';
import { assertFresh, type Caller, operation, type Operation } from './operation.ts';

export function requestOperations({ approvals, clock }: Pick<AdminDependencies, 'approvals' | 'clock'>): Operation[] {
  const mayDecide = async (approval: Approval, caller: Caller): Promise<boolean> =>
    (await approvals.refusalFor(approval, deciderOf(caller))) === undefined;
  const shown = async (approval: Approval, caller: Caller): Promise<Request> => {
    const { state, expiresAt } = approval;
    const isOver = (state === 'open' || state === 'approved') && expiresAt <= clock.now();
    return {
      id: approval.id,
      kind: approval.kind,
      state: isOver || state === 'offered' ? 'over' : state,
      who: approval.who,
      tool: approval.what,
      server: approval.server,
      rule: approval.rule,
      device: approval.device,
      client_name: approval.clientName,
      address: approval.address,
      reason: approval.reason,
      approvers: [...approval.approvers],
      mine: state === 'open' && !isOver && (await mayDecide(approval, caller)),
      for: approval.scope,
      created_at: isoTime(approval.createdAt),
      expires_at: isoTime(expiresAt),
      decided_at: isoTimeOrNull(approval.decidedAt),
      decided_by: approval.decidedBy,
      note: approval.note,
    };
  };
  const maySee = createMaySee(approvals);

  return [
    longListOperation(requestsApi.list, InTimeSchema, ({ query }, caller) => {
      const which = { all: query.all === 'true' };
      return async (part) => {
        const rows: Row<Request, InTime>[] = [];
        for (const each of await approvals.list(caller.workspaceId, which, part)) {
          const item = (await maySee(each, caller)) ? await shown(each, caller) : undefined;
          rows.push({ item, place: { at: each.createdAt, id: each.id } });
        }
        return rows;
      };
    }),
    operation(requestsApi.show, async ({ params: { id } }, caller) => {
      const { workspaceId } = caller;
      const found = await approvals.find(workspaceId, id);
      if (found === undefined || found.state === 'offered' || !(await maySee(found, caller)))
        throw new GateError(
          'not_found',
          `there is no request ${JSON.stringify(id.slice(0, 40))}; \`request list${inWorkspace(workspaceId)}\` shows those that wait`,
        );
      return { ...(await shown(found, caller)), arguments: found.argsText };
    }),
    operation(requestsApi.approve, async ({ params: { id }, body: { for_s: forS, note } }, caller) => {
      const asked = await approvals.find(caller.workspaceId, id);
      if (asked !== undefined && approvalNeedsStepUp(asked.kind, forS)) assertFresh(caller);
      const forMs = forS === undefined ? undefined : forS * 1000;
      const decision = { verdict: 'approve', forMs, note, by: 'api' } as const;
      return shown(await approvals.decide(caller.workspaceId, id, decision, deciderOf(caller)), caller);
    }),
    operation(requestsApi.deny, async ({ params: { id }, body: { note } }, caller) => {
      const decision = { verdict: 'deny', note, by: 'api' } as const;
      return shown(await approvals.decide(caller.workspaceId, id, decision, deciderOf(caller)), caller);
    }),
  ];
}
