// Each change of a rule or of the enforcement, however it is asked for: stored, told to the policy of this broker, and written into the log.
import { GateError } from 'mcpgate-shared/error';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { Enforcement, NewRule, Rule } from '../../domain/rule.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, type Caller } from '../operation.ts';
import { changeNotes } from '../../domain/change-notes.ts';
import { missedFor } from './opening-warnings.ts';
import { ruleChange } from './rule-view.ts';

export interface RuleEdits {
  find(workspaceId: string, id: string): Promise<Rule>;
  /** `id`: the name that a configuration gives it. */
  add(caller: Caller, rule: NewRule, id?: string): Promise<Rule>;
  /** The rule keeps its id, and who has added it. Throws `not_found`, as `find` and `remove` do. */
  change(caller: Caller, id: string, rule: NewRule): Promise<Rule>;
  remove(caller: Caller, id: string): Promise<Rule>;
  setEnforcement(caller: Caller, enforcement: Enforcement): Promise<void>;
}

export const noRule = (id: string, workspaceId: string): GateError =>
  new GateError('not_found', `no rule ${id}; \`rule list${inWorkspace(workspaceId)}\` shows them`);

export function createRuleEdits({
  store,
  audit,
  policyChanged,
  clock,
}: {
  clock: Pick<AdminDependencies['clock'], 'now'>;
  store: Pick<AdminDependencies['store'], 'policy'>;
  audit: Pick<AdminDependencies['audit'], 'event'>;
  policyChanged: AdminDependencies['policyChanged'];
}): RuleEdits {
  const changed = async (
    caller: Caller,
    type: string,
    subject: string | null,
    data: AuditEvent['data'],
  ): Promise<void> => {
    policyChanged(caller.workspaceId);
    await audit.event(eventBy(caller, { type, subject, data }));
  };

  async function find(workspaceId: string, id: string): Promise<Rule> {
    const rule = (await store.policy.snapshot(workspaceId)).rules.find((entry) => entry.id === id);
    if (rule === undefined) throw noRule(id, workspaceId);
    return rule;
  }

  return {
    find,
    async add(caller, asked, id) {
      const rule = await store.policy.addRule(caller.workspaceId, asked, id);
      await changed(caller, 'rule.added', `rule:${rule.id}`, ruleChange(undefined, rule));
      return rule;
    },
    async change(caller, id, asked) {
      const { before, after } = await store.policy.changeRule(caller.workspaceId, id, asked);
      await changed(caller, 'rule.changed', `rule:${id}`, ruleChange(before, after));
      return after;
    },
    async remove(caller, id) {
      const rule = await find(caller.workspaceId, id);
      const missed = missedFor(rule, caller.actor.name, clock.now());
      if (!(await store.policy.removeRule(caller.workspaceId, id, missed))) throw noRule(id, caller.workspaceId);
      await changed(caller, 'rule.removed', `rule:${rule.id}`, ruleChange(rule, undefined));
      return rule;
    },
    async setEnforcement(caller, enforcement) {
      const { enforcement: before } = await store.policy.snapshot(caller.workspaceId);
      await store.policy.setEnforcement(caller.workspaceId, enforcement);
      const notes = changeNotes({ enforcement: before }, { enforcement });
      await changed(caller, 'enforcement.changed', null, { enforcement, ...notes });
    },
  };
}
