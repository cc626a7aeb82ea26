// Configuration as code from the command line: a real broker, real files.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configApi } from 'mcpgate-shared/api/config/config-api';
import { administration, type Row } from '../fixtures/administration.ts';
import { createAdminClient } from '../session/admin-client.ts';

const FULL = `
secrets:
  wiki-token: {}
servers:
  wiki:
    transport:
      kind: http
      url: https://wiki.example.com/mcp
      headers:
        Authorization: Bearer \${secret:wiki-token}
bundles:
  reports:
    description: For the monthly report.
    tools:
      - tool: wiki__search
        as: find
people:
  grace: { role: operator }
groups:
  payments:
    members: [ada, grace]
    bundle: reports
rules:
  payments-read-the-wiki:
    effect: allow
    who: [group:payments]
    what: [wiki__*]
    when: args.limit <= 50
    limit: [10/minute, 100/day per group]
    note: they asked for it
`;

describe('configuration as code', () => {
  const at = administration(async (broker) => {
    for (const name of ['ada', 'grace']) await broker.json(['user', 'add', name]);
    await broker.json(['secret', 'set', 'wiki-token'], { stdin: 'not-to-be-seen' });
  });
  const file = async (text: string, name = 'platform.yaml'): Promise<string> => {
    const path = join(await mkdtemp(join(tmpdir(), 'mcpgate-config-')), name);
    await writeFile(path, text);
    return path;
  };
  const plan = async (path: string, code: number): Promise<Row> =>
    Object(await at.broker.json(['config', 'plan', path], { code }));

  it('is planned, applied, and then as it should be', async () => {
    const path = await file(FULL);
    const first = await plan(path, 10);
    assert.deepEqual(first['counts'], { add: 4, change: 1, remove: 0 });
    const told = await at.broker.run(['config', 'plan', path]);
    assert.match(told.stdout, /\+ server wiki: http, shared/);
    assert.match(told.stdout, /~ role of grace: operator\n {4}role: member → operator/);
    assert.match(told.stdout, /plan: 4 to add, 1 to change, 0 to remove\n$/);

    const applied = Object(await at.broker.json(['config', 'apply', path]));
    assert.deepEqual(applied['counts'], first['counts']);
    assert.deepEqual((await plan(path, 0))['changes'], []);

    const [rule] = await at.rows('rule', 'list');
    assert.equal(rule?.['id'], 'payments-read-the-wiki');
    assert.equal(rule?.['managed_by'], 'platform.yaml');
    const verdict = Object(await at.broker.json(['rule', 'test', 'user:ada', 'wiki__search', '--args', '{"limit":5}']));
    assert.equal(verdict['rule'], 'payments-read-the-wiki');
    const [event] = await at.rows('audit', 'search', '--events', '--type', 'config.applied');
    assert.equal(Object(event)['subject'], 'configuration:platform.yaml');
  });

  it('comes back as a file that changes nothing, and has no secret in it', async () => {
    const { stdout } = await at.broker.run(['config', 'export']);
    assert.doesNotMatch(stdout, /not-to-be-seen/);
    assert.match(stdout, /^# The configuration of an mcpgate broker/);
    assert.match(stdout, /\n {2}payments-read-the-wiki:\n {4}effect: allow\n {4}who: \[ group:payments \]/);
    const { stdout: again } = await at.broker.run(['config', 'export']);
    assert.equal(again, stdout);
    const planned = await plan(await file(stdout), 0);
    assert.deepEqual([planned['changes'], planned['drift']], [[], []]);
    const some = await at.broker.run(['config', 'export', '--only', 'rules', 'groups']);
    assert.doesNotMatch(some.stdout, /^(?:servers|secrets|people):/m);
  });

  it('says who manages a thing, warns whoever edits it by hand, and reverts that', async () => {
    for (const list of ['rule', 'server', 'bundle', 'group', 'user']) {
      const rows = await at.rows(list, 'list');
      assert.ok(
        rows.some((row) => row['managed_by'] === 'platform.yaml'),
        list,
      );
      const { stdout } = await at.broker.run([list, 'list']);
      assert.match(stdout, /MANAGED BY[\s\S]*platform\.yaml/, list);
    }
    const edits = [
      ['server', 'set', 'wiki', '--isolation', 'per-user'],
      ['group', 'remove', 'payments', 'grace'],
      ['user', 'set-role', 'grace', 'auditor'],
      ['bundle', 'set', 'reports', '--description', 'Something else.'],
      ['rule', 'remove', 'payments-read-the-wiki'],
    ];
    for (const edit of edits) {
      const { code, stderr } = await at.broker.run(edit);
      assert.equal(code, 0, stderr);
      assert.equal(stderr.split('warning: it is managed by').length, 2, `${edit.join(' ')}: it is said once`);
      assert.match(
        stderr,
        /warning: it is managed by platform\.yaml: the next `config apply` reverts this/,
        edit.join(' '),
      );
    }
    const path = await file(FULL);
    const planned = await plan(path, 10);
    assert.deepEqual(
      Object(planned['drift']).map(({ kind, name, gone }: Row) => [kind, name, gone]),
      [
        ['server', 'wiki', false],
        ['bundle', 'reports', false],
        ['role', 'grace', false],
        ['group', 'payments', false],
        ['rule', 'payments-read-the-wiki', true],
      ],
    );
    const api = createAdminClient({ kind: 'socket', dataDir: at.broker.dataDir, actor: 'test' });
    const { configurations: managed } = await api.call(configApi.managed, {});
    assert.deepEqual(
      managed.map(({ managed_by: by, drift }) => [by, new Set(drift)]),
      [['platform.yaml', new Set(planned['drift'] as Row[])]],
      'the same, without the file',
    );
    const { stdout } = await at.broker.run(['config', 'plan', path]);
    assert.match(
      stdout,
      /server wiki was changed by hand since platform\.yaml was applied\n {6}isolation: shared → per-user/,
    );
    await at.broker.json(['config', 'apply', path]);
    assert.deepEqual((await plan(path, 0))['changes'], []);
  });

  it('leaves alone what it does not manage, and removes what left the file', async () => {
    const own = Object(await at.broker.json(['rule', 'add', '--deny', '--who', '*', '--what', 'wiki__delete_*']));
    const path = await file(FULL.replace(/rules:[\s\S]*$/, '').replace(/people:\n.*\n/, ''));
    const planned = await plan(path, 10);
    assert.deepEqual(
      Object(planned['changes']).map(({ kind, name, action }: Row) => [action, kind, name]),
      [
        ['change', 'role', 'grace'],
        ['remove', 'rule', 'payments-read-the-wiki'],
      ],
    );
    const told = await at.broker.run(['config', 'plan', path]);
    assert.match(told.stdout, /- rule payments-read-the-wiki: allow group:payments to/);
    await at.broker.json(['config', 'apply', path]);
    assert.deepEqual(
      (await at.rows('rule', 'list')).map((rule) => rule['id']),
      [own['id']],
    );
    const grace = (await at.rows('user', 'list')).find((user) => user['name'] === 'grace');
    assert.deepEqual([grace?.['role'], grace?.['managed_by']], ['member', null]);
  });

  it('is refused where another configuration manages the thing, which may be taken over', async () => {
    const path = await file('groups:\n  payments: { members: [ada] }\n', 'teams.yaml');
    const { stderr, code } = await at.broker.run(['config', 'plan', path]);
    assert.equal(code, 1);
    assert.match(stderr, /teams\.yaml:2:3: group payments is managed by platform\.yaml;.*--take-over platform\.yaml/);
    await at.broker.json(['config', 'apply', path, '--take-over', 'platform.yaml']);
    const [group] = await at.rows('group', 'list');
    assert.deepEqual([group?.['members'], group?.['managed_by']], [['ada'], 'teams.yaml']);
  });

  it('has one person take the place of another as the only administrator, and leaves no workspace without one', async () => {
    await at.broker.json(['config', 'apply', await file('people:\n  ada: { role: admin }\n', 'roles.yaml')]);
    const swapped = await file('people:\n  ada: { role: member }\n  grace: { role: admin }\n', 'roles.yaml');
    assert.deepEqual((await plan(swapped, 10))['counts'], { add: 0, change: 2, remove: 0 });
    await at.broker.json(['config', 'apply', swapped]);
    const rolesOf = async () => (await at.rows('user', 'list')).map(({ name, role }) => [name, role]);
    assert.deepEqual(await rolesOf(), [
      ['ada', 'member'],
      ['grace', 'admin'],
    ]);
    const none = await file('people:\n  ada: { role: member }\n  grace: { role: member }\n', 'roles.yaml');
    const { code, stderr } = await at.broker.run(['config', 'apply', none, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /grace is the only administrator of this workspace/);
  });

  it('of a folder named like another one is told from it, before it takes out what that one has put', async () => {
    const first = await file('groups:\n  first: { members: [ada] }\n', 'env.yaml');
    const second = await file('groups:\n  second: { members: [ada] }\n', 'env.yaml');
    await at.broker.json(['config', 'apply', first]);
    const told = Object(await plan(second, 10));
    assert.deepEqual(told.counts, { add: 1, change: 0, remove: 1 });
    assert.match(told.warnings.join(), /nothing here is what env\.yaml has managed until now: .*`name:`/);
    const renamed = await file('name: second\ngroups:\n  second: { members: [ada] }\n', 'env.yaml');
    assert.deepEqual(Object(await plan(renamed, 10)).warnings, []);
    const both = await file('groups:\n  first: { members: [ada] }\n  second: { members: [] }\n', 'env.yaml');
    assert.deepEqual(Object(await plan(both, 10)).warnings, []);
    await at.broker.json(['config', 'apply', await file('version: 1\n', 'env.yaml')]);
  });

  it('shows what is wrong at its place in the file, and changes nothing', async () => {
    const before = await at.broker.run(['config', 'export']);
    const wrong: [string, RegExp][] = [
      [
        'rules:\n  a:\n    effect: allow\n    whoo: ["*"]\n    what: ["*"]\n',
        /:4:5: there is no "whoo" here; did you mean who\?/,
      ],
      [
        'rules:\n  a: { effect: allow, who: ["*"], what: ["*"], when: "args.x ===" }\n',
        /:2:64: rule a: the condition cannot be used/,
      ],
      ['groups:\n  g: { members: [ada, adda] }\n', /:2:3: group g: nobody is called adda; did you mean ada\?/],
      ['secrets:\n  nope: {}\n', /:2:3: no secret named nope; set it first/],
      [
        'servers:\n  a:\n    transport: { kind: http, url: "ftp://x" }\n',
        /:3:\d+: server a: the address of a server starts with https/,
      ],
      [
        'servers:\n  a:\n    transport: { kind: stdio, command: x, env: { TOKEN: ghp_abcdefghijklmnopqrstuvwxyz0123456789 } }\n',
        /looks like a secret/,
      ],
      [
        'groups:\n  new: { members: [ada] }\nrules:\n  last:\n    effect: allow\n    who: ["*"]\n    what: ["*"]\n    until: 2020-01-01\n',
        /:8:12: rule last: the rule would have ended already/,
      ],
    ];
    for (const [text, expected] of wrong) {
      const path = await file(text);
      for (const verb of ['plan', 'apply']) {
        const { code, stderr, stdout } = await at.broker.run(['config', verb, path]);
        assert.equal(code, 1, `${verb} ${text}\n${stdout}`);
        assert.match(stderr, expected);
        assert.doesNotMatch(stderr, /ghp_/);
      }
    }
    assert.equal((await at.broker.run(['config', 'export'])).stdout, before.stdout);
  });

  it('tells the second of two editors that the state is another one, and applies nothing', async () => {
    const api = createAdminClient({ kind: 'socket', dataDir: at.broker.dataDir, actor: 'test' });
    const asked = { source: 'second.yaml', configuration: { groups: { second: { members: ['ada'] } } } };
    const { version } = await api.call(configApi.plan, { body: asked });
    await at.broker.json(['group', 'add', 'meanwhile', 'ada']);
    await assert.rejects(api.call(configApi.apply, { body: { ...asked, version } }), {
      code: 'stale',
      message: /nothing was applied/,
    });
    const { version: next } = await api.call(configApi.plan, { body: asked });
    const both = await Promise.allSettled(
      [1, 2].map(() => api.call(configApi.apply, { body: { ...asked, version: next } })),
    );
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    await api.close();
    await at.broker.json(['group', 'remove', 'second']);
    assert.ok(!(await at.rows('group', 'list')).some((group) => group['name'] === 'second'));
  });
});
