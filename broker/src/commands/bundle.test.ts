import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { adminPost } from 'mcpgate-test/world/admin-post';
import { administration, keysOf } from './fixtures/administration.ts';

const admin = administration(async (broker) => {
  for (const name of ['git', 'wiki']) await broker.json(['server', 'add', name, '--url', `http://127.0.0.1:1/${name}`]);
});

const ISSUE = {
  name: 'issue',
  inputSchema: { type: 'object', properties: { owner: { type: 'string' }, title: { type: 'string' } } },
};
const KIT = ['--tool', 'git__create_issue', '--as', 'report', '--describe', 'Tells the team.'];
const FIXED = ['--fix', 'owner=acme', '--fix', 'labels=["a",{"b":1}]', '--fix', 'a.b=x=y', '--fix', 'ünï=true'];

describe('bundles', () => {
  test('fix no argument that JSON parsers take for something else, whoever asks the API', async () => {
    for (const fix of ['{"__proto__":"acme"}', '{"a":{"__proto__":{"b":1}}}', '{"a":[{"__proto__":1}]}']) {
      const tools: unknown = JSON.parse(`[{"tool":"git__create_issue","fix":${fix}}]`);
      const asked = adminPost(admin.broker.dataDir, '/bundles', { name: 'odd', tools });
      await assert.rejects(asked, /400 .*no member of it may be called __proto__/, fix);
    }
    assert.deepEqual(await admin.rows('bundle', 'list'), []);
  });

  test('are added, listed, shown, changed and removed, what is said of a tool going with the one before it', async () => {
    assert.deepEqual(await admin.rows('bundle', 'list'), []);
    const args = ['bundle', 'add', 'kit', '--description', 'For reports.', ...KIT, ...FIXED, '--tool', 'wiki__note'];
    const added = Object(await admin.broker.json(args)) as Record<string, unknown>;
    assert.deepEqual(keysOf(added), [
      'created_at',
      'created_by',
      'description',
      'groups',
      'managed_by',
      'name',
      'tools',
      'updated_at',
      'warnings',
    ]);
    const { warnings, ...made } = added;
    assert.deepEqual(warnings, [
      'git has never been listed, so nobody knows its tools yet; `mcpgate-broker server test git` lists them',
      'wiki has never been listed, so nobody knows its tools yet; `mcpgate-broker server test wiki` lists them',
    ]);
    const fixed = { owner: 'acme', labels: ['a', { b: 1 }], 'a.b': 'x=y', ünï: true };
    assert.deepEqual(made['tools'], [
      { tool: 'git__create_issue', name: 'report', description: 'Tells the team.', fixed },
      { tool: 'wiki__note', name: 'note', description: null, fixed: {} },
    ]);
    assert.deepEqual(await admin.broker.json(['bundle', 'show', 'kit']), added);
    const { stdout } = await admin.broker.run(['bundle', 'show', 'kit'], '');
    assert.match(
      stdout,
      /^kit: For reports\.\n {2}report {2}git__create_issue {2}with owner="acme", .*\n {4}Tells the team\.\n {2}note {2}wiki__note\n {2}! git has never been listed, .*\n {2}! wiki has never been listed, .*\n$/,
    );
    assert.deepEqual(keysOf((await admin.rows('bundle', 'list'))[0] ?? {}), keysOf(made));
    const set = ['bundle', 'set', 'kit', '--without', 'note', '--description', '', '--tool', 'git__create_issue'];
    const changed = Object(await admin.broker.json([...set, '--as', 'report', '--fix', 'owner=other']));
    assert.equal(changed['description'], null);
    assert.deepEqual(changed['tools'], [
      { tool: 'git__create_issue', name: 'report', description: null, fixed: { owner: 'other' } },
    ]);
    await admin.broker.json(['group', 'add', 'eng']);
    assert.deepEqual(await admin.broker.json(['group', 'set', 'eng', '--bundle', 'kit']), {
      group: 'eng',
      bundle: 'kit',
      managed_by: null,
    });
    assert.deepEqual(Object(await admin.broker.json(['bundle', 'show', 'kit']))['groups'], ['eng']);
    await admin.broker.json(['group', 'set', 'eng', '--no-bundle']);
    await admin.broker.json(['group', 'set', 'eng', '--bundle', 'kit']);
    const allow = ['rule', 'add', '--allow', '--who', '*', '--what', 'bundle:kit'];
    const { id } = Object(await admin.broker.json(allow)) as { id: string };
    const removed = await admin.broker.run(['bundle', 'remove', 'kit', '--yes'], '');
    assert.equal(
      removed.stdout,
      `removed kit; eng get every server again\n  ! rule ${id} still names it, and would mean another bundle of that name\n`,
    );
    await admin.broker.json(['rule', 'remove', id]);
    assert.deepEqual(await admin.rows('bundle', 'list'), []);
    const events = await admin.rows('audit', 'search', '--type', 'bundle.*');
    const of = (type: string) => Object(events.find((event) => event['type'] === type)?.['data']) as object;
    const before = [
      'description "For reports."',
      `report = git__create_issue with ${JSON.stringify(fixed)} described "Tells the team."`,
      'note = wiki__note',
    ];
    const after = ['report = git__create_issue with {"owner":"other"}'];
    assert.deepEqual(of('bundle.added'), { before: [], after: before });
    assert.deepEqual(of('bundle.changed'), { before, after });
    assert.deepEqual(of('bundle.removed'), { before: after, after: [], groups: ['eng'] });
  });

  test('warn of arguments that the tool is not said to take', async () => {
    const far = await startSloppyHttp('http', {
      answer: ({ method }) => (method === 'tools/list' ? { result: JSON.stringify({ tools: [ISSUE] }) } : undefined),
    });
    try {
      await admin.broker.json(['server', 'add', 'far', far.url]);
      await admin.broker.json(['server', 'test', 'far']);
      const fixed = ['--fix', 'ownr=acme', '--fix', 'title=x', '--fix', 'größe=1'];
      const { stdout } = await admin.broker.run(['bundle', 'add', 'few', '--tool', 'far__issue', ...fixed], '');
      assert.match(
        stdout,
        /\n +! ownr: did you mean owner\? far__issue has no argument of that name\n +! größe: far__issue has no argument of that name\n\n/,
      );
      const set = Object(await admin.broker.json(['bundle', 'set', 'few', '--tool', 'far__issue', '--fix', 'owner=a']));
      assert.deepEqual(set['warnings'], []);
    } finally {
      await far.close();
    }
  });

  test('that make no sense are refused, with what to do, and a secret is never repeated', async () => {
    const secret = 'ghp_0123456789abcdefABCDEF0123456789abcd';
    for (const [args, code, message] of [
      [['bundle', 'add', 'kit'], 2, /at least one --tool/],
      [['bundle', 'add', 'kit', '--as', 'x', '--tool', 'git__a'], 2, /--as says something of the --tool before it/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--as', 'a b'], 2, /1 to 50 of/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', 'x'], 2, /ARGUMENT=VALUE/],
      [['bundle', 'add', 'kit', '--tool', 'git__a.b'], 2, /give it a name with --as/],
      [['bundle', 'add', 'kit', '--tool', 'nope__a'], 1, /no server nope/],
      [['bundle', 'add', 'kit', '--tool', 'a'], 2, /SERVER__TOOL/],
      [['bundle', 'add', 'Kit', '--tool', 'git__a'], 2, /a-z/],
      [['bundle', 'add', 'git', '--tool', 'git__a'], 1, /share their names/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--tool', 'wiki__a'], 2, /would both be called a/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', `token=${secret}`], 2, /looks like a secret/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', `x={"y":["${secret}"]}`], 2, /looks like a secret/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', 'x=${secret:git}'], 2, /looks like a secret/],
      [['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', 'auth={"password":"short"}'], 2, /looks like a secret/],
      [
        ['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', '__proto__={"a":1}'],
        2,
        /named __proto__ cannot be fixed/,
      ],
      [
        ['bundle', 'add', 'kit', '--tool', 'git__a', '--fix', 'x={"__proto__":1}'],
        2,
        /named __proto__ cannot be fixed/,
      ],
      [['bundle', 'show', 'kit'], 1, /no bundle kit/],
      [['bundle', 'set', 'kit', '--description', 'x'], 1, /no bundle kit/],
      [['bundle', 'set', 'kit'], 2, /say what changes/],
      [['bundle', 'remove', 'kit'], 1, /no bundle kit/],
      [['group', 'set', 'eng'], 2, /--bundle NAME or --no-bundle/],
      [['group', 'set', 'eng', '--bundle', 'kit'], 1, /no bundle kit/],
    ] as const) {
      const failure = await admin.failure([...args]);
      assert.equal(failure.code, code, args.join(' '));
      assert.match(JSON.stringify(failure), message, args.join(' '));
      assert.doesNotMatch(JSON.stringify(failure), new RegExp(secret));
    }
    await admin.broker.json(['bundle', 'add', 'kit', '--tool', 'git__a']);
    assert.match(JSON.stringify(await admin.failure(['server', 'rename', 'wiki', 'kit'])), /share their names/);
    assert.match(
      JSON.stringify(await admin.failure(['server', 'add', 'kit', '--url', 'http://127.0.0.1:1/'])),
      /share their names/,
    );
    assert.match(
      JSON.stringify(await admin.failure(['bundle', 'set', 'kit', '--without', 'a'])),
      /nothing would be left/,
    );
    assert.match(
      JSON.stringify(await admin.failure(['bundle', 'set', 'kit', '--without', 'b'])),
      /no tool b; it has \w/,
    );
    await admin.broker.json(['bundle', 'remove', 'kit']);
  });
});
