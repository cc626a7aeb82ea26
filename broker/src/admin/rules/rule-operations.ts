// The operations on rules: list, show, add, replace, remove, enforcement, and `rule test`, which shows the verdict on a call that nobody makes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { rulesApi, type AddedRule, type ListedRule } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import type { Rule } from '../../domain/rule.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { listOperation } from '../lists/list-operation.ts';
import { eventBy, operation, type Operation } from '../operation.ts';
import { managerOf } from '../managed-by.ts';
import { approverDoubts } from './approver-doubts.ts';
import { doubtsAboutConditions } from './condition-doubts.ts';
import { doubtsAbout } from './doubts.ts';
import { knownWorld, MOST_JUDGED } from './known-world.ts';
import { newRuleOf } from './new-rule.ts';
import { createRuleEdits, noRule } from './rule-edits.ts';
import { isSaidBy, toRule } from './rule-view.ts';
import { createStandingDoubts } from './standing-doubts.ts';
import { testedVerdict } from './tested/tested-verdict.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'people' | 'policyChanged' | 'clock' | 'hooks'>;

const ENFORCEMENT = { kind: 'enforcement', name: 'enforcement' } as const;

export function ruleOperations({ store, audit, people, policyChanged, clock, hooks }: Needs): Operation[] {
  const edits = createRuleEdits({ store, audit, policyChanged, clock });

  async function listed(workspaceId: string, rules: readonly Rule[]): Promise<ListedRule[]> {
    if (rules.length === 0) return [];
    const world = await knownWorld({ store, people }, workspaceId);
    const now = clock.now();
    const standing = createStandingDoubts(world, now);
    const missing = await approverDoubts({ store, clock }, workspaceId, rules);
    const shown: ListedRule[] = [];
    for (const [at, rule] of rules.entries()) {
      // With many things a rule takes milliseconds, and calls go on between them.
      if (world.things.length > MOST_JUDGED) await nextTurn();
      const missed = missing[at] === undefined ? [] : [missing[at]];
      const conditions = doubtsAboutConditions(rule, world.things, now);
      shown.push({ ...toRule(rule, now), warnings: [...missed, ...standing(rule), ...conditions] });
    }
    return shown;
  }

  async function added(workspaceId: string, rule: Rule): Promise<AddedRule> {
    const world = await knownWorld({ store, people }, workspaceId);
    const [missing] = await approverDoubts({ store, clock }, workspaceId, [rule]);
    const { nobody_yet, warnings } = doubtsAbout(rule, world, clock.now());
    return {
      ...toRule(rule, clock.now()),
      ...{ nobody_yet, warnings: [...(missing === undefined ? [] : [missing]), ...warnings] },
    };
  }

  return [
    listOperation(rulesApi.list, async (_input, { workspaceId }) =>
      listed(workspaceId, (await store.policy.snapshot(workspaceId)).rules),
    ),
    operation(rulesApi.get, async ({ params }, { workspaceId }) => {
      const [rule] = await listed(workspaceId, [await edits.find(workspaceId, params.id)]);
      return rule ?? Promise.reject(noRule(params.id, workspaceId));
    }),
    operation(rulesApi.add, async ({ body }, caller) =>
      added(caller.workspaceId, await edits.add(caller, newRuleOf(body, caller.actor.name, clock.now()))),
    ),
    operation(rulesApi.replace, async ({ params, body }, caller) => {
      const { workspaceId } = caller;
      const before = await edits.find(workspaceId, params.id);
      const asked = newRuleOf(body, before.createdBy, clock.now());
      // What says the same already is no change: no call is decided by another version, and the log has nothing to tell.
      if (!isSaidBy(before, asked)) await edits.change(caller, params.id, asked);
      return await added(workspaceId, await edits.find(workspaceId, params.id));
    }),
    operation(rulesApi.remove, async ({ params }, caller) =>
      toRule(await edits.remove(caller, params.id), clock.now()),
    ),
    operation(rulesApi.forget, async ({ params }, caller) => {
      const sentence = await store.policy.forgetRemoved(caller.workspaceId, params.id);
      if (sentence === undefined)
        throw new GateError('not_found', `no removed rule ${params.id} is missed; \`status\` names those that are`);
      await audit.event(eventBy(caller, { type: 'rule.forgotten', subject: `rule:${params.id}`, data: { sentence } }));
      return { id: params.id, sentence };
    }),
    operation(rulesApi.test, async ({ body }, { workspaceId }) =>
      testedVerdict({ store, people, clock, hooks }, workspaceId, body),
    ),
    operation(rulesApi.enforcement, async (_input, { workspaceId }) => {
      const { enforcement } = await store.policy.snapshot(workspaceId);
      return { enforcement, managed_by: await managerOf(store, workspaceId, ENFORCEMENT) };
    }),
    operation(rulesApi.setEnforcement, async ({ body: { enforcement } }, caller) => {
      await edits.setEnforcement(caller, enforcement);
      return { enforcement, managed_by: await managerOf(store, caller.workspaceId, ENFORCEMENT) };
    }),
  ];
}
