// Configurations of other gateways, as they publish them, become ours: what that decides is what theirs does, and what it cannot is told.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { newRuleFrom } from '../../../admin/configuration/rule-form.ts';
import { ConfigurationSchema } from 'mcpgate-shared/api/config/configuration';
import { PLAIN_RULE } from '../../../domain/rule.ts';
import { compilePolicy } from '../../../policy/compile-policy.ts';
import { ruleNames, type RuleKind, type ToolClass } from '../../../policy/naming.ts';
import { runBrokerCommand } from '../../fixtures/broker-process.ts';

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';

async function imported(document: unknown, ...flags: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-import-'));
  writeFileSync(join(folder, 'theirs.json'), typeof document === 'string' ? document : JSON.stringify(document));
  const { code, stdout, stderr } = await runBrokerCommand(['config', 'import', 'theirs.json', ...flags], {
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
  assert.ok(!`${stdout}${stderr}`.includes(TOKEN), 'no secret leaves the file');
  writeFileSync(join(folder, 'ours.yaml'), stdout);
  const checked = await runBrokerCommand(['config', 'check', 'ours.yaml'], { cwd: folder });
  assert.equal(checked.code, 0, `${checked.stderr}\n${stdout}`);
  const json = await runBrokerCommand(['config', 'import', 'theirs.json', '--json', ...flags], { cwd: folder });
  const { configuration, left, notes, secrets } = JSON.parse(json.stdout);
  const ours = ConfigurationSchema.parse(configuration);
  const groups = ours.groups ?? {};
  const policy = compilePolicy({
    ...{ version: 1, enforcement: 'enforce' },
    rules: Object.entries(ours.rules ?? {}).map(([id, form]) => ({
      ...PLAIN_RULE,
      ...newRuleFrom(form, 'test', 0),
      id,
      createdAt: 0,
    })),
  });
  const decide = (
    by: string,
    server: string,
    tool: string,
    {
      args = {},
      kind = 'write',
      of = 'tools',
      in: besides = [],
    }: { args?: unknown; kind?: ToolClass; of?: RuleKind; in?: string[] } = {},
  ): string => {
    const ofFile = Object.entries(groups).flatMap(([name, { members }]) => (members.includes(by) ? [name] : []));
    const principal = {
      workspaceId: 'default',
      user: { id: by, name: by, role: 'member' as const, groups: [...ofFile, ...besides] },
      credential: { kind: 'device' as const, id: 'd', label: 'laptop' },
    };
    const facts = {
      now: 0,
      client: { name: null, version: null },
      address: undefined,
      args: () => ({ value: args, length: JSON.stringify(args).length }),
    };
    return policy.decide({ principal, server, names: ruleNames(of, server, tool, kind), facts }).decision;
  };
  return { stdout, stderr, ours, left, notes, secrets, decide };
}

describe('the configuration of avelino/mcp', () => {
  it('brings its servers with references for secrets, and its roles as groups', async () => {
    const { ours, left, notes, secrets, stderr, decide } = await imported({
      mcpServers: {
        github: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'], env: { GITHUB_TOKEN: TOKEN } },
        Sentry: {
          ...{ url: 'https://mcp.sentry.example', headers: { Authorization: `Bearer ${TOKEN}` } },
          tool_acl: { read: ['get_*', 'poll_result'], write: ['execute_sql'] },
        },
        kubectl: { command: 'kubectl', cli: true, cli_only: ['get'] },
      },
      serverAuth: {
        providers: ['bearer', 'oauth_as'],
        bearer: {
          tokens: {
            [TOKEN]: 'erin',
            'tok-alice': { subject: 'alice', roles: ['admin'] },
            'tok-bob': { subject: 'bob', roles: ['dev', 'oncall'] },
          },
        },
        oauthAs: { injectedRoles: ['oauth-user'] },
        acl: {
          default: 'deny',
          strictClassification: true,
          roles: {
            admin: [{ server: '*', access: '*' }],
            dev: [
              { server: ['github', 'grafana'], access: 'read' },
              { server: 'github', access: 'write', tools: ['gh_pr', 'gh_issue', 'gh_list_*'] },
            ],
            readonly: [
              { server: '*', access: 'read' },
              { server: 'Sentry', access: '*', tools: ['secret_*'], deny: true },
            ],
            oncall: [
              { server: 'pager', access: '*' },
              { server: 'pager', access: 'write', tools: ['delete_*'], deny: true },
            ],
            'oauth-user': [{ server: 'wiki', access: 'read', tools: ['page_*'], resources: ['wiki://*'] }],
          },
          subjects: {
            charlie: { roles: ['readonly'], extra: [{ server: 'Sentry', access: 'read' }] },
          },
        },
      },
    });
    assert.deepEqual(Object.keys(ours.servers ?? {}), ['github', 'sentry']);
    assert.deepEqual(Object.keys(ours.secrets ?? {}), secrets);
    assert.equal(secrets.length, 2);
    for (const name of secrets) {
      assert.ok(stderr.includes(`secret set ${name}\n`));
      assert.ok(JSON.stringify(ours.servers).includes(`\${secret:${name}}`));
    }
    assert.deepEqual(ours.groups?.['dev'], { members: ['bob'] });
    assert.ok(!Object.hasOwn(ours.groups ?? {}, 'oauth-user'), 'an empty group would end what the people of one have');
    assert.ok(notes.some((each: string) => /the role oauth-user: nobody is named who has it/.test(each)));
    assert.deepEqual(ours.servers?.['sentry']?.tool_classes, { read: ['poll_result'], write: ['execute_sql'] });
    for (const expected of [
      /kubectl: wraps a command line/,
      /bearer\.tokens: 3 tokens are not carried over/,
      /serverAuth\.oauthAs: is not carried over/,
      /strictClassification/,
      /mcpServers\.Sentry\.tool_acl\.read: get_\*: tools are named one by one here/,
    ])
      assert.ok(
        left.some((each: string) => expected.test(each)),
        `${expected}\n${left.join('\n')}`,
      );
    assert.equal(decide('alice', 'sentry', 'delete_project'), 'allow');
    assert.equal(decide('bob', 'github', 'list_issues', { kind: 'read' }), 'allow');
    assert.equal(decide('bob', 'github', 'gh_pr'), 'allow');
    assert.equal(decide('bob', 'github', 'gh_repo_delete'), 'deny');
    assert.equal(decide('bob', 'github', 'gh_list_write'), 'allow');
    assert.equal(decide('bob', 'pager', 'page'), 'allow');
    assert.equal(decide('bob', 'pager', 'runbooks', { of: 'prompts' }), 'allow');
    assert.equal(decide('bob', 'pager', 'pager://now', { of: 'resources' }), 'allow');
    assert.equal(decide('bob', 'pager', 'delete_page'), 'deny');
    assert.equal(decide('bob', 'pager', 'delete_preview', { kind: 'read' }), 'allow', 'the deny is of what writes');
    const web = ['oauth-user'];
    assert.equal(decide('web', 'wiki', 'page_get', { kind: 'read', in: web }), 'allow');
    assert.equal(decide('web', 'wiki', 'page_put', { in: web }), 'deny', 'a named tool is allowed as one of its class');
    assert.equal(decide('web', 'wiki', 'wiki://home', { of: 'resources', in: web }), 'allow');
    assert.equal(decide('web', 'wiki', 'file:///home', { of: 'resources', in: web }), 'deny');
    assert.equal(decide('charlie', 'sentry', 'search', { kind: 'read' }), 'allow');
    assert.equal(decide('charlie', 'sentry', 'secret_list', { kind: 'read' }), 'deny');
    assert.equal(decide('dave', 'github', 'list_issues', { kind: 'read' }), 'deny');
  });

  it('brings rules in which the first match wins as denies with exceptions, and tells of those that cannot be said so', async () => {
    const { left, decide } = await imported({
      mcpServers: {},
      serverAuth: {
        providers: ['forwarded'],
        acl: {
          default: 'allow',
          rules: [
            { subjects: ['alice'], tools: ['*'], policy: 'allow' },
            { subjects: ['bob'], tools: ['sentry__read'], policy: 'allow' },
            { tools: ['sentry__*'], policy: 'deny' },
            { subjects: ['dave'], roles: ['dev'], tools: ['slack__*'], policy: 'deny' },
          ],
        },
      },
    });
    assert.equal(decide('alice', 'sentry', 'search'), 'allow');
    assert.equal(decide('carol', 'sentry', 'search'), 'deny');
    assert.equal(decide('carol', 'slack', 'post'), 'allow');
    assert.ok(
      left.some((each: string) => /rules\[2\]: serverAuth\.acl\.rules\[1\] stands before it/.test(each)),
      left.join('\n'),
    );
    assert.equal(decide('dave', 'slack', 'post', { in: ['dev'] }), 'deny', 'who is named and has the role');
    assert.equal(decide('dave', 'slack', 'post'), 'allow', 'who is named alone');
    assert.equal(decide('carol', 'slack', 'post', { in: ['dev'] }), 'allow', 'who has the role alone');
    assert.ok(left.some((each: string) => /forwarded: a trusted proxy/.test(each)));
  });
});

describe('a policy of PolicyLayer', () => {
  it('allows what is listed, with what is required of arguments, and limits', async () => {
    const { ours, left, notes, decide } = await imported(
      {
        version: '1',
        default: 'deny',
        hide: ['delete_account'],
        all_tools: { limits: [{ counter: 'all', window: 'minute', max: 60, scope: 'organization' }] },
        tools: {
          create_charge: {
            require: [
              { path: 'args.amount', op: 'lte', value: 50_000 },
              { path: 'args.currency', op: 'in', value: ['usd', 'eur'] },
            ],
            deny_if: [
              { conditions: [{ path: 'args.test', op: 'eq', value: true }], on_deny: 'No tests here.' },
              {
                conditions: [
                  { path: 'args.amount', op: 'gt', value: 10_000 },
                  { path: 'args.currency', op: 'eq', value: 'eur' },
                ],
              },
            ],
            limits: [
              { counter: 'spend', window: 'day', max: 1_000_000, scope: 'grant', increment_from: 'args.amount' },
              { counter: 'calls', window: 'hour', max: 30, scope: 'grant' },
              { counter: 'odd', window: 'hour', max: 30, scope: 'grant', increment_from: 'args["x y"]' },
            ],
          },
          list_customers: {},
          create_refund: { deny_if: [{ conditions: [], on_deny: 'Requires human approval.' }] },
          'policies.create': {
            limits: [{ counter: 'policies.create_rate', window: 'minute', max: 30, scope: 'grant' }],
          },
          pay_order: { require: [{ path: 'context.country', op: 'eq', value: 'de' }] },
          void_order: { approval: { approvers: ['finance'] } },
        },
        rollout: 'half',
      },
      ...['--server', 'stripe', '--who', 'user:agent'],
    );
    const charge = { amount: 50_000, currency: 'usd', test: false };
    assert.equal(decide('agent', 'stripe', 'create_charge', { args: charge }), 'allow');
    for (const [name, value] of [
      ['amount', 50_001],
      ['currency', 'chf'],
      ['test', true],
      ['currency', 'eur'],
      ['amount', '5'],
    ] as const)
      assert.equal(decide('agent', 'stripe', 'create_charge', { args: { ...charge, [name]: value } }), 'deny', name);
    assert.equal(
      decide('agent', 'stripe', 'create_charge', { args: { currency: 'usd', test: false } }),
      'deny',
      'what is not there',
    );
    assert.equal(decide('agent', 'stripe', 'list_customers'), 'allow');
    for (const tool of ['delete_account', 'create_payout']) assert.equal(decide('agent', 'stripe', tool), 'deny');
    assert.equal(decide('ada', 'stripe', 'list_customers'), 'deny', 'it is for whom --who says');
    const eur = { args: { ...charge, currency: 'eur', amount: 10_000 } };
    assert.equal(decide('agent', 'stripe', 'create_charge', eur), 'allow', 'one of two conditions denies nothing');
    assert.equal(decide('agent', 'stripe', 'create_refund'), 'deny', 'no condition, so always');
    assert.equal(ours.rules?.['stripe-create_refund-deny-if']?.note, 'Requires human approval.');
    assert.equal(decide('agent', 'stripe', 'policies.create'), 'allow');
    assert.deepEqual(ours.rules?.['stripe-policies.create']?.limit, ['30/minute']);
    assert.equal(decide('agent', 'stripe', 'pay_order'), 'deny', 'nobody can tell here whether that holds');
    assert.equal(decide('agent', 'stripe', 'void_order'), 'ask', 'what is not known may have kept it back');
    for (const expected of [/pay_order\.require\[0\]: reads context\.country/, /void_order: "approval" is not known/])
      assert.ok(
        left.some((each: string) => expected.test(each)),
        `${expected}\n${left.join('\n')}`,
      );
    assert.deepEqual(ours.rules?.['stripe-create_charge'], {
      ...{ effect: 'allow', who: ['user:agent'], what: ['stripe__create_charge'] },
      ...{ limit: ['30/hour'], sum: ['args.amount<=1000000/day'] },
    });
    assert.deepEqual(ours.rules?.['stripe-all-tools']?.limit, ['60/minute per rule']);
    assert.ok(
      left.some((each: string) => /limits\[2\]: adds up/.test(each)),
      left.join('\n'),
    );
    assert.ok(left.some((each: string) => /the policy: "rollout" is not known/.test(each)));
    assert.ok(
      notes.some((each: string) => /reads an argument that the call does not have, the call is denied here/.test(each)),
    );
    assert.equal(notes.length, 2);
    for (const [name, { effect, who }] of Object.entries(ours.rules ?? {}))
      assert.deepEqual([effect, who], [effect, ['user:agent']], `${name} is for whom --who says`);
  });

  it('is read in the form of Intercept, too, as YAML', async () => {
    const { ours, decide } = await imported(
      [
        'version: "1"',
        'hide: [transfer_repository]',
        'tools:',
        '  create_issue:',
        '    rules:',
        '      - { name: hourly issue limit, rate_limit: 5/hour, on_deny: Enough for now }',
        '      - name: titles',
        '        conditions: [{ path: args.title, op: regex, value: "^feat" }]',
        '  delete_repository:',
        '    rules: [{ name: block repo deletion, action: deny }]',
        '  "*":',
        '    rules:',
        '      - name: global rate limit',
        '        conditions: [{ path: state._global.calls, op: lt, value: 60 }]',
        '        state: { counter: calls, window: minute }',
      ].join('\n'),
      ...['--server', 'github', '--format', 'policylayer'],
    );
    assert.equal(decide('ada', 'github', 'create_issue', { args: { title: 'feat: x' } }), 'allow');
    assert.equal(decide('ada', 'github', 'create_issue', { args: { title: 'x' } }), 'deny');
    assert.equal(decide('ada', 'github', 'delete_repository'), 'deny');
    assert.equal(decide('ada', 'github', 'transfer_repository'), 'deny');
    assert.equal(decide('ada', 'github', 'list_issues'), 'allow');
    assert.deepEqual(ours.rules?.['github-create_issue']?.limit, ['5/hour']);
    assert.deepEqual(ours.rules?.['github-all-tools']?.limit, ['59/minute']);
  });

  it('writes arguments whose names have other letters as conditions take them', async () => {
    const path = 'args.to-do.größe';
    const conditions = [
      { path, op: 'gt', value: 5 },
      { path: 'args.a-b', op: 'exists', value: false },
    ];
    const { left, decide } = await imported(
      { version: '1', default: 'allow', tools: { t: { deny_if: conditions } } },
      ...['--server', 'svc'],
    );
    assert.deepEqual(left, []);
    const decided = (größe: number, more: object) =>
      decide('ada', 'svc', 't', { args: { 'to-do': { größe }, ...more } });
    assert.equal(decided(5, { 'a-b': 1 }), 'allow');
    assert.equal(decided(6, { 'a-b': 1 }), 'deny');
    assert.equal(decided(5, {}), 'deny');
  });

  /** Their operators over arguments, with arguments for which each is true and false. */
  const OPERATORS: readonly (readonly [string, unknown, unknown, unknown])[] = [
    ['eq', 'main', { a: 'main' }, { a: 'dev' }],
    ['neq', 'draft', { a: 'main' }, { a: 'draft' }],
    ['in', ['usd', 'eur'], { a: 'eur' }, { a: 'chf' }],
    ['not_in', ['admin'], { a: 'ada' }, { a: 'admin' }],
    ['lt', 100, { a: 99.5 }, { a: 100 }],
    ['lte', 100, { a: 100 }, { a: 100.5 }],
    ['gt', 0, { a: 1 }, { a: 0 }],
    ['gte', 1, { a: 1 }, { a: 0 }],
    ['regex', '^feat/"\\d', { a: 'feat/"1' }, { a: 'fix/x' }],
    ['contains', 'test', { a: 'a test' }, { a: 'none' }],
    ['contains', 'test', { a: ['b', 'test'] }, { a: ['b'] }],
    ['exists', true, { a: 1 }, { b: 1 }],
    ['exists', false, { b: 1 }, { a: 1 }],
  ];
  for (const [op, value, yes, no] of OPERATORS)
    it(`has the operator ${op} with ${JSON.stringify(value)}`, async () => {
      const { decide } = await imported(
        { version: '1', default: 'deny', tools: { t: { require: [{ path: 'args.a', op, value }] } } },
        ...['--server', 'svc'],
      );
      assert.equal(decide('ada', 'svc', 't', { args: yes }), 'allow');
      assert.equal(decide('ada', 'svc', 't', { args: no }), 'deny');
    });

  it('is refused where it is none, or nobody has said which server it is for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpgate-import-'));
    const run = async (text: string, ...flags: string[]) => {
      writeFileSync(join(folder, 'x.json'), text);
      return await runBrokerCommand(['config', 'import', 'x.json', ...flags], { cwd: folder });
    };
    for (const [text, flags, expected] of [
      ['{"tools":{}}', [], /say with --server NAME/],
      ['{"version":"2","tools":{}}', ['--server', 's'], /only version 1/],
      ['{"x":1}', [], /neither a configuration of avelino\/mcp nor a policy/],
      ['{"a":', [], /^mcpgate-broker: x\.json:1:\d+/],
      [`{"serverAuth":{"bearer":{"tokens":"${TOKEN}"}}}`, [], /no configuration of avelino.*: it must be an object\n/],
      [
        '{"version":"1","tools":{"t":{"rules":[{"action":"allow"}]}}}',
        ['--server', 's'],
        /tools\.t\.rules\.0\.action: it must be evaluate or deny\n/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await run(text, ...flags);
      assert.deepEqual([code, stdout], [2, ''], text);
      assert.match(stderr, expected);
      assert.ok(!stderr.includes(TOKEN));
    }
  });
});
