// The operations on rules: list, add, remove, enforcement, and `rule test`, which shows the verdict on a call that nobody makes.
import { rulesApi, type Rule as RuleView } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../domain/people/principal.ts';
import type { Rule } from '../domain/rule.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { previewVerdict } from '../policy/rule-preview.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Caller, type Operation } from './operation.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'people' | 'policyChanged'>;

function toRule(rule: Rule): RuleView {
  return {
    id: rule.id,
    effect: rule.effect,
    who: [...rule.who],
    what: [...rule.what],
    note: rule.note ?? null,
    created_at: isoTime(rule.createdAt),
    created_by: rule.createdBy,
  };
}

export function ruleOperations({ store, audit, people, policyChanged }: Needs): Operation[] {
  const changed = async (
    caller: Caller,
    type: string,
    subject: string | null,
    data: Record<string, string | readonly string[]>,
  ) => {
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

  /** The principal of a person as if on one of their devices, or of a grant, for `rule test`. */
  const principalOf = async (workspaceId: string, who: string): Promise<Principal> => {
    const [kind, name] = [who.slice(0, who.indexOf(':')), who.slice(who.indexOf(':') + 1)];
    const userOf = async (userName: string): Promise<NonNullable<Principal['user']>> => {
      const { id, role, groups } = await people.users.show(workspaceId, userName);
      return { id, name: userName, role, groups };
    };
    if (kind === 'user') {
      return { workspaceId, user: await userOf(name), credential: { kind: 'device', id: 'test', label: 'test' } };
    }
    const grant = (await people.grants.list(workspaceId)).find(
      (entry) => entry.label === name && entry.state === 'active',
    );
    if (grant === undefined)
      throw new GateError(
        'not_found',
        `no live grant is labelled ${name}; \`grant list${inWorkspace(workspaceId)}\` shows them`,
      );
    return {
      workspaceId,
      ...(grant.user === null ? {} : { user: await userOf(grant.user) }),
      credential: { kind: 'grant', id: grant.id, label: grant.label },
      servers: grant.servers,
    };
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
      (await store.policy.snapshot(workspaceId)).rules.map(toRule),
    ),
    operation(rulesApi.add, async ({ body }, caller) => {
      const { effect, who, what, note } = body;
      const rule = await store.policy.addRule(caller.workspaceId, {
        effect,
        who,
        what,
        ...(note === undefined ? {} : { note }),
        createdBy: caller.actor.name,
      });
      await changed(caller, 'rule.added', `rule:${rule.id}`, { effect, who, what, note: note ?? '' });
      return { ...toRule(rule), nobody_yet: await nobodyYet(caller.workspaceId, who) };
    }),
    operation(rulesApi.remove, async ({ params }, caller) => {
      const rule = (await store.policy.snapshot(caller.workspaceId)).rules.find((entry) => entry.id === params.id);
      if (rule === undefined || !(await store.policy.removeRule(caller.workspaceId, params.id))) {
        throw new GateError(
          'not_found',
          `no rule ${params.id}; \`rule list${inWorkspace(caller.workspaceId)}\` shows them`,
        );
      }
      await changed(caller, 'rule.removed', `rule:${rule.id}`, { effect: rule.effect, who: rule.who, what: rule.what });
      return toRule(rule);
    }),
    operation(rulesApi.test, async ({ body: { who, what } }, { workspaceId }) => {
      const snapshot = await store.policy.snapshot(workspaceId);
      const principal = await principalOf(workspaceId, who);
      const servers = (await store.servers.list(workspaceId)).map(({ name }) => name);
      const verdict = previewVerdict(compilePolicy(snapshot), principal, servers, what);
      return { ...verdict, policy_version: snapshot.version, who, what };
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
