// What avelino/mcp, PolicyLayer and MCPNest publish as examples of their access lists, said in our rules: docs/rules.md has the same table. What
// `config import` makes of their files has tests of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { PLAIN_RULE, type Enforcement, type Rule } from '../domain/rule.ts';
import { compilePolicy } from './compile-policy.ts';
import { FACTS } from './fixtures/questions.ts';
import { ruleNames, type ToolClass } from './naming.ts';
import type { Verdict } from './verdict.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

type Told = Pick<Rule, 'effect' | 'who' | 'what'> & Partial<Rule>;

/** Who calls what, and what becomes of it. A tool whose class is left out writes. */
interface Call {
  by: string;
  server: string;
  tool: string;
  class?: ToolClass;
  args?: unknown;
  is: 'allow' | 'deny' | 'would_deny';
  /** Of an allowed call: how much it takes of which allowances. */
  takes?: readonly string[];
}

interface Example {
  name: string;
  /** The groups of people. */
  people: Readonly<Record<string, readonly string[]>>;
  /** `enforce` unless said. */
  enforcement?: Enforcement;
  rules: readonly Told[];
  calls: readonly Call[];
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'avelino/mcp: roles of readers, developers and administrators',
    people: { alice: ['admin'], bob: ['dev'], charlie: ['readonly'], dave: [] },
    rules: [
      { effect: 'allow', who: ['group:admin'], what: ['*'] },
      { effect: 'allow', who: ['group:dev'], what: ['read:github', 'read:grafana'] },
      { effect: 'allow', who: ['group:dev'], what: ['github__gh_pr', 'github__gh_issue'] },
      { effect: 'allow', who: ['group:readonly'], what: ['read:*'] },
      { effect: 'allow', who: ['user:charlie'], what: ['read:sentry'] },
    ],
    calls: [
      { by: 'alice', server: 'sentry', tool: 'delete_project', is: 'allow' },
      { by: 'bob', server: 'github', tool: 'list_issues', class: 'read', is: 'allow' },
      { by: 'bob', server: 'grafana', tool: 'query', class: 'read', is: 'allow' },
      { by: 'bob', server: 'grafana', tool: 'save_dashboard', is: 'deny' },
      { by: 'bob', server: 'github', tool: 'gh_pr', is: 'allow' },
      { by: 'bob', server: 'github', tool: 'gh_repo_delete', is: 'deny' },
      { by: 'bob', server: 'sentry', tool: 'search', class: 'read', is: 'deny' },
      { by: 'charlie', server: 'sentry', tool: 'search', class: 'read', is: 'allow' },
      { by: 'charlie', server: 'github', tool: 'gh_pr', is: 'deny' },
      { by: 'charlie', server: 'github', tool: 'unclear', class: 'unknown', is: 'deny' },
      { by: 'dave', server: 'github', tool: 'list_issues', class: 'read', is: 'deny' },
    ],
  },
  {
    name: 'avelino/mcp: what is not denied is allowed',
    people: { alice: [], bob: ['dev'] },
    rules: [
      { effect: 'allow', who: ['*'], what: ['*'] },
      { effect: 'deny', who: ['group:dev'], what: ['sentry__*'] },
    ],
    calls: [
      { by: 'bob', server: 'sentry', tool: 'search_issues', is: 'deny' },
      { by: 'bob', server: 'slack', tool: 'post', is: 'allow' },
      { by: 'alice', server: 'sentry', tool: 'search_issues', is: 'allow' },
    ],
  },
  {
    name: 'avelino/mcp: a grant that denies wins over one that allows',
    people: { bob: ['dev'] },
    rules: [
      { effect: 'allow', who: ['group:dev'], what: ['read:github', 'write:github'] },
      { effect: 'deny', who: ['group:dev'], what: ['github__gh_repo_delete'] },
    ],
    calls: [
      { by: 'bob', server: 'github', tool: 'gh_pr', is: 'allow' },
      { by: 'bob', server: 'github', tool: 'gh_repo_delete', is: 'deny' },
    ],
  },
  {
    name: 'avelino/mcp: the first rule that matches, in its older form',
    people: { alice: ['admin'], bob: ['admin'], carol: ['viewer'], dave: ['viewer'] },
    rules: [
      { effect: 'allow', who: ['*'], what: ['*'] },
      { effect: 'deny', who: ['user:bob'], what: ['sentry__*', '*admin*'] },
      { effect: 'deny', who: ['user:carol'], what: ['sentry__*'], when: '"viewer" in user.groups' },
      { effect: 'deny', who: ['*'], except: ['group:admin'], what: ['slack__*'] },
    ],
    calls: [
      { by: 'bob', server: 'sentry', tool: 'search_issues', is: 'deny' },
      { by: 'bob', server: 'grafana', tool: 'reset_admin_password', is: 'deny' },
      { by: 'bob', server: 'slack', tool: 'post', is: 'allow' },
      { by: 'alice', server: 'sentry', tool: 'search_issues', is: 'allow' },
      { by: 'carol', server: 'sentry', tool: 'search_issues', is: 'deny' },
      { by: 'dave', server: 'sentry', tool: 'search_issues', is: 'allow' },
      { by: 'dave', server: 'slack', tool: 'post', is: 'deny' },
    ],
  },
  {
    name: 'avelino/mcp: applications that came in by OAuth get one server, people all of them',
    people: { avelino: ['admin'], claude: ['oauth-user'] },
    rules: [
      { effect: 'allow', who: ['group:admin'], what: ['*'] },
      { effect: 'allow', who: ['group:oauth-user'], what: ['sentry__*'] },
    ],
    calls: [
      { by: 'avelino', server: 'github', tool: 'create_issue', is: 'allow' },
      { by: 'claude', server: 'sentry', tool: 'search_issues', is: 'allow' },
      { by: 'claude', server: 'github', tool: 'create_issue', is: 'deny' },
    ],
  },
  {
    name: 'PolicyLayer: charges of bounded amount in two currencies, and no customer is deleted',
    people: { agent: [] },
    rules: [
      {
        ...{ effect: 'allow', who: ['user:agent'], what: ['stripe__create_charge'] },
        when: 'args.amount <= 50000 && args.currency in ["usd", "eur"]',
      },
      { effect: 'allow', who: ['user:agent'], what: ['stripe__create_refund'], when: 'has(args.reason)' },
      { effect: 'deny', who: ['*'], what: ['stripe__create_refund'], when: 'args.amount > 10000' },
      { effect: 'allow', who: ['user:agent'], what: ['stripe__list_customers'] },
      { effect: 'deny', who: ['*'], what: ['stripe__delete_customer'] },
    ],
    calls: [
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: 50_000, currency: 'usd' }, is: 'allow' },
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: 50_001, currency: 'usd' }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: 5, currency: 'chf' }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { currency: 'usd' }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: '5', currency: 'usd' }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_refund', args: { amount: 900, reason: 'late' }, is: 'allow' },
      { by: 'agent', server: 'stripe', tool: 'create_refund', args: { amount: 900 }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_refund', args: { amount: 10_001, reason: 'late' }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'list_customers', args: {}, is: 'allow' },
      { by: 'agent', server: 'stripe', tool: 'delete_customer', args: {}, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'create_payout', args: {}, is: 'deny' },
    ],
  },
  {
    name: 'PolicyLayer: all is allowed but what is hidden',
    people: { agent: [] },
    rules: [
      { effect: 'allow', who: ['*'], what: ['github__*'] },
      { effect: 'deny', who: ['*'], what: ['github__transfer_repository', 'github__list_webhooks'] },
    ],
    calls: [
      { by: 'agent', server: 'github', tool: 'create_issue', is: 'allow' },
      { by: 'agent', server: 'github', tool: 'transfer_repository', is: 'deny' },
      { by: 'agent', server: 'github', tool: 'list_webhooks', class: 'read', is: 'deny' },
    ],
  },
  {
    name: 'PolicyLayer: a spend of the day, calls of the hour, and of all tools of the minute',
    people: { agent: [] },
    rules: [
      {
        ...{ effect: 'allow', who: ['user:agent'], what: ['stripe__create_charge'] },
        limits: [{ most: 1_000_000, withinMs: DAY, per: 'person', sum: 'args.amount' }],
      },
      {
        ...{ effect: 'allow', who: ['user:agent'], what: ['stripe__create_refund'] },
        limits: [{ most: 10, withinMs: DAY, per: 'person' }],
      },
      {
        ...{ effect: 'allow', who: ['user:agent'], what: ['stripe__*'] },
        limits: [{ most: 60, withinMs: MINUTE, per: 'person' }],
      },
      { effect: 'deny', who: ['user:agent'], what: ['stripe__cancel_subscription'], note: 'Requires human approval.' },
    ],
    calls: [
      { by: 'agent', server: 'stripe', tool: 'list_customers', is: 'allow', takes: ['1 of 60'] },
      { by: 'agent', server: 'stripe', tool: 'create_refund', is: 'allow', takes: ['1 of 10', '1 of 60'] },
      {
        ...{ by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: 5_000 } },
        ...{ is: 'allow', takes: ['5000 of 1000000', '1 of 60'] },
      },
      { by: 'agent', server: 'stripe', tool: 'create_charge', args: { amount: -5 }, is: 'deny' },
      { by: 'agent', server: 'stripe', tool: 'cancel_subscription', is: 'deny' },
    ],
  },
  {
    name: 'MCPNest: an allowlist of tools for each member',
    people: { alice: [], intern: [], owner: ['owners'] },
    rules: [
      { effect: 'allow', who: ['group:owners'], what: ['*'] },
      { effect: 'allow', who: ['user:alice'], what: ['database__query', 'database__list_tables'] },
      { effect: 'allow', who: ['user:intern'], what: ['github__search_code'] },
    ],
    calls: [
      { by: 'alice', server: 'database', tool: 'query', is: 'allow' },
      { by: 'alice', server: 'ci', tool: 'deploy', is: 'deny' },
      { by: 'intern', server: 'github', tool: 'search_code', is: 'allow' },
      { by: 'intern', server: 'database', tool: 'query', is: 'deny' },
      { by: 'owner', server: 'ci', tool: 'deploy', is: 'allow' },
    ],
  },
  {
    name: 'MCPNest: the allowlists are made before they are enforced',
    people: { intern: [] },
    enforcement: 'observe',
    rules: [{ effect: 'allow', who: ['user:intern'], what: ['github__search_code'] }],
    calls: [
      { by: 'intern', server: 'github', tool: 'search_code', is: 'allow' },
      { by: 'intern', server: 'database', tool: 'query', is: 'would_deny' },
    ],
  },
];

/** Their operators over arguments, with arguments for which each is true and false. */
const OPERATORS: readonly (readonly [string, string, unknown, unknown])[] = [
  ['eq', 'args.a == "main"', { a: 'main' }, { a: 'dev' }],
  ['neq', 'args.a != "draft"', { a: 'main' }, { a: 'draft' }],
  ['in', 'args.a in ["usd", "eur"]', { a: 'eur' }, { a: 'chf' }],
  ['not_in', '!(args.a in ["admin"])', { a: 'ada' }, { a: 'admin' }],
  ['lt', 'args.a < 100', { a: 99.5 }, { a: 100 }],
  ['lte', 'args.a <= 100', { a: 100 }, { a: 100.5 }],
  ['gt', 'args.a > 0', { a: 1 }, { a: 0 }],
  ['gte', 'args.a >= 1', { a: 1 }, { a: 0 }],
  ['regex', 'args.a.matches("^feat/")', { a: 'feat/x' }, { a: 'fix/x' }],
  ['contains, in a text', 'args.a.contains("test")', { a: 'a test' }, { a: 'none' }],
  ['contains, in a list', '"test" in args.a', { a: ['b', 'test'] }, { a: ['b'] }],
  ['exists', 'has(args.a)', { a: null }, { b: 1 }],
  ['exists: false', '!has(args.a)', { b: 1 }, { a: 1 }],
  ['a path', 'args.metadata.key == "val"', { metadata: { key: 'val' } }, { metadata: { key: 'x' } }],
];

function decide(
  rules: readonly Told[],
  call: Omit<Call, 'is'>,
  { groups = [], enforcement = 'enforce' }: { groups?: readonly string[]; enforcement?: Enforcement } = {},
): Verdict {
  const principal: Principal = {
    workspaceId: 'default',
    user: { id: call.by, name: call.by, role: 'member', groups: [...groups] },
    credential: { kind: 'device', id: 'd1', label: 'laptop' },
  };
  const policy = compilePolicy({
    ...{ version: 1, enforcement },
    rules: rules.map((each, at) => ({ ...PLAIN_RULE, id: `r_${at}`, createdAt: 0, createdBy: 'test', ...each })),
  });
  const names = ruleNames('tools', call.server, call.tool, call.class ?? 'write');
  const value = call.args ?? {};
  const args = () => ({ value, length: JSON.stringify(value).length });
  return policy.decide({ principal, server: call.server, names, facts: { ...FACTS, args } });
}

describe('an access list that others publish, said in our rules', () => {
  for (const { name, people, enforcement = 'enforce', rules, calls } of EXAMPLES)
    it(`decides as theirs does: ${name}`, () => {
      for (const { is, takes = [], ...call } of calls) {
        const { decision, limits = [] } = decide(rules, call, { groups: people[call.by] ?? [], enforcement });
        assert.equal(decision, is, JSON.stringify(call));
        if (is !== 'allow') continue;
        const taken = limits.map(({ amount, most }) => `${amount} of ${most}`);
        assert.deepEqual(taken.toSorted(), takes.toSorted(), JSON.stringify(call));
      }
    });

  for (const [operator, when, yes, no] of OPERATORS)
    it(`has their operator ${operator}`, () => {
      const rules: Told[] = [{ effect: 'allow', who: ['*'], what: ['*'], when }];
      const call = { by: 'agent', server: 'svc', tool: 'tool' };
      assert.equal(decide(rules, { ...call, args: yes }).decision, 'allow', when);
      assert.equal(decide(rules, { ...call, args: no }).decision, 'deny', when);
    });
});
