// The operations on rules: list, add, remove, enforcement, and `rule test`, which shows the verdict on a call that nobody makes.
import { rulesApi } from 'mcpgate-shared/api/rules';
import { limitText } from 'mcpgate-shared/api/rules/rule-sentence';
import { GateError } from 'mcpgate-shared/error';
import { personalOwner } from '../../domain/people/account.ts';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { afterHook } from '../../policy/hooked.ts';
import { previewVerdict } from '../../policy/rule-preview.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, operation, type Operation } from '../operation.ts';
import { managerOf } from '../managed-by.ts';
import { doubtsAboutArguments, readsArguments } from './condition-doubts.ts';
import { doubtsAbout, doubtsAboutRules, doubtsAboutThing } from './doubts.ts';
import { knownWorld, subjectsCalled } from './known-world.ts';
import { newRuleOf } from './new-rule.ts';
import { removedRules } from './opening-warnings.ts';
import { createRuleEdits } from './rule-edits.ts';
import { toRule } from './rule-view.ts';
import { testedQuestion } from './tested-hook.ts';
import { testedCaller } from './tested-caller.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'people' | 'policyChanged' | 'clock' | 'hooks'>;

const ENFORCEMENT = { kind: 'enforcement', name: 'enforcement' } as const;

export function ruleOperations({ store, audit, people, policyChanged, clock, hooks }: Needs): Operation[] {
  const edits = createRuleEdits({ store, audit, policyChanged });

  return [
    operation(rulesApi.list, async (_input, { workspaceId }) => {
      const { rules } = await store.policy.snapshot(workspaceId);
      // Only where a condition can be held against them, it is worth to read what all servers offer.
      const things = rules.some(readsArguments) ? (await knownWorld({ store, people }, workspaceId)).things : [];
      const now = clock.now();
      return rules.map((rule) => ({ ...toRule(rule, now), warnings: doubtsAboutArguments(rule, things, now) }));
    }),
    operation(rulesApi.add, async ({ body }, caller) => {
      const rule = await edits.add(caller, newRuleOf(body, caller.actor.name, clock.now()));
      const world = await knownWorld({ store, people }, caller.workspaceId);
      return { ...toRule(rule, clock.now()), ...doubtsAbout(rule, world, clock.now()) };
    }),
    operation(rulesApi.remove, async ({ params }, caller) =>
      toRule(await edits.remove(caller, params.id), clock.now()),
    ),
    operation(rulesApi.forget, async ({ params }, caller) => {
      const removed = await removedRules(audit, caller.workspaceId);
      const found = removed.find(({ subject }) => subject === `rule:${params.id}`);
      if (found === undefined)
        throw new GateError('not_found', `no removed rule ${params.id} is missed; \`status\` names those that are`);
      const sentence = String(found.data['sentence']);
      await audit.event(eventBy(caller, { type: 'rule.forgotten', subject: `rule:${params.id}`, data: { sentence } }));
      return { id: params.id, sentence };
    }),
    operation(rulesApi.test, async ({ body }, { workspaceId }) => {
      const { who, what } = body;
      const snapshot = await store.policy.snapshot(workspaceId);
      const caller = await testedCaller({ people, clock }, workspaceId, body);
      const world = await knownWorld({ store, people }, workspaceId);
      const { servers } = world;
      const { user } = caller.principal;
      const byRules = previewVerdict(
        compilePolicy(snapshot, clock.now()),
        caller,
        servers.map(({ name }) => name),
        what,
        servers.filter((each) => user && personalOwner(each, `user:${user.id}`)).map(({ name }) => name),
        subjectsCalled(what, world),
      );
      const { hook: asked } = byRules;
      const isAsked = asked !== undefined && (body.hook ?? body.args !== undefined);
      const {
        decision,
        rule,
        reason,
        limits = [],
      } = isAsked
        ? afterHook(
            byRules,
            await hooks.authorizer.ask(
              asked.hook,
              testedQuestion(
                caller,
                { server: asked.server, names: asked.names },
                byRules,
                snapshot.version,
                body.args,
              ),
            ),
            false,
          )
        : byRules;
      const within = [
        ...new Set(limits.map(({ withinMs, ...each }) => limitText({ sum: null, ...each, within_ms: withinMs }))),
      ];
      const depends = within.length === 0 ? '' : `, within its limits: ${within.join(', ')}`;
      const warnings = [...doubtsAboutThing(what, world), ...doubtsAboutRules(snapshot.rules, what, world, caller)];
      return {
        ...{
          decision,
          rule,
          reason: reason + depends + (asked && !isAsked ? `, if the hook ${asked.hook.name} allows it` : ''),
        },
        ...(asked && { hook: { name: asked.hook.name, asked: isAsked } }),
        policy_version: snapshot.version,
        ...{ who, what, warnings },
      };
    }),
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
