// The operations on rules: list, add, remove, enforcement, and `rule test`, which shows the verdict on a call that nobody makes.
import { rulesApi } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import { rangeMistake } from '../../domain/bounds/address-ranges.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import { personalOwner } from '../../domain/people/account.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { compileExpression, isMistaken } from '../../policy/conditions/cel.ts';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { previewVerdict } from '../../policy/rule-preview.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { operation, type Caller, type Operation } from '../operation.ts';
import { ruleData, toRule } from './rule-view.ts';
import { testedCaller } from './tested-caller.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'people' | 'policyChanged' | 'clock'>;

export function ruleOperations({ store, audit, people, policyChanged, clock }: Needs): Operation[] {
  const changed = async (
    caller: Caller,
    type: string,
    subject: string | null,
    data: AuditEvent['data'],
  ): Promise<void> => {
    policyChanged(caller.workspaceId);
    await audit.event({
      workspace_id: caller.workspaceId,
      type,
      actor: caller.actor.name,
      subject,
      address: caller.actor.address,
      data,
    });
  };

  /** Those people and groups in `who` that are written without wildcards and do not exist. */
  const nobodyYet = async (workspaceId: string, who: readonly string[]): Promise<string[]> => {
    const users = await people.users.list(workspaceId);
    const groups = await people.groups.list(workspaceId);
    const there = new Set([...users.map(({ name }) => `user:${name}`), ...groups.map(({ name }) => `group:${name}`)]);
    return who.filter((each) => /^(?:user|group):[^*?]+$/.test(each) && !there.has(each));
  };

  return [
    operation(rulesApi.list, async (_input, { workspaceId }) =>
      (await store.policy.snapshot(workspaceId)).rules.map((rule) => toRule(rule, clock.now())),
    ),
    operation(rulesApi.add, async ({ body }, caller) => {
      const { effect, who, except = [], what, when, until, observe = false, approvers = [], note } = body;
      refuseRanges([...who, ...except]);
      if (when !== undefined) refuseCondition(when);
      if (effect !== 'ask' && approvers.length > 0)
        throw new GateError('usage', 'only a rule that asks has approvers; add it with the effect ask');
      const endsAt = until === undefined ? undefined : Date.parse(until);
      if (endsAt !== undefined && endsAt <= clock.now())
        throw new GateError('usage', `the rule would have ended already, at ${until}`);
      const rule = await store.policy.addRule(caller.workspaceId, {
        ...{ effect, who, except, what, observe, approvers },
        ...(when === undefined ? {} : { when }),
        ...(endsAt === undefined ? {} : { until: endsAt }),
        ...(note === undefined ? {} : { note }),
        createdBy: caller.actor.name,
      });
      await changed(caller, 'rule.added', `rule:${rule.id}`, ruleData(rule));
      return {
        ...toRule(rule, clock.now()),
        nobody_yet: await nobodyYet(caller.workspaceId, [...who, ...except, ...approvers]),
      };
    }),
    operation(rulesApi.remove, async ({ params }, caller) => {
      const rule = (await store.policy.snapshot(caller.workspaceId)).rules.find((entry) => entry.id === params.id);
      if (rule === undefined || !(await store.policy.removeRule(caller.workspaceId, params.id))) {
        throw new GateError(
          'not_found',
          `no rule ${params.id}; \`rule list${inWorkspace(caller.workspaceId)}\` shows them`,
        );
      }
      await changed(caller, 'rule.removed', `rule:${rule.id}`, ruleData(rule));
      return toRule(rule, clock.now());
    }),
    operation(rulesApi.test, async ({ body }, { workspaceId }) => {
      const { who, what } = body;
      const snapshot = await store.policy.snapshot(workspaceId);
      const caller = await testedCaller({ people, clock }, workspaceId, body);
      const servers = await store.servers.list(workspaceId);
      const { user } = caller.principal;
      const { decision, rule, reason } = previewVerdict(
        compilePolicy(snapshot),
        caller,
        servers.map(({ name }) => name),
        what,
        servers.filter((each) => user && personalOwner(each, `user:${user.id}`)).map(({ name }) => name),
      );
      return { decision, rule, reason, policy_version: snapshot.version, who, what };
    }),
    operation(rulesApi.enforcement, async (_input, { workspaceId }) => {
      const { enforcement } = await store.policy.snapshot(workspaceId);
      return { enforcement };
    }),
    operation(rulesApi.setEnforcement, async ({ body: { enforcement } }, caller) => {
      await store.policy.setEnforcement(caller.workspaceId, enforcement);
      await changed(caller, 'enforcement.changed', null, { enforcement });
      return { enforcement };
    }),
  ];
}

/** Throws `usage` where a condition cannot be read, with the place marked. */
function refuseCondition(when: string): void {
  const read = compileExpression(when, 'bool');
  if (!isMistaken(read)) return;
  const line = when.replaceAll(/\s/g, ' ');
  throw new GateError('usage', `the condition cannot be used: ${read.message}\n  ${line}\n  ${' '.repeat(read.at)}^`);
}

/** Throws `usage` where a range of addresses is none. */
function refuseRanges(who: readonly string[]): void {
  for (const each of who.filter((token) => token.startsWith('net:'))) {
    const mistake = rangeMistake(each.slice('net:'.length));
    if (mistake !== undefined)
      throw new GateError('usage', `"${each}": ${mistake}; write net:10.0.0.0/8 or net:2001:db8::/32`);
  }
}
