// What rules would do, told before they do it: against a running broker, and a server whose tools it has listed.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { administration } from '../fixtures/administration.ts';

const TOOLS = [
  { name: 'read_page', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
  { name: 'read_list', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
  { name: 'delete_page', inputSchema: { type: 'object' } },
];
const answer = ({ method }: { method: string | undefined }) =>
  method === 'tools/list'
    ? { result: JSON.stringify({ tools: TOOLS }) }
    : method === 'tools/call'
      ? { result: JSON.stringify({ content: [] }) }
      : undefined;

let far: Awaited<ReturnType<typeof startSloppyHttp>>;
let token = '';
const admin = administration(async (broker) => {
  far = await startSloppyHttp('http', { answer });
  await broker.json(['user', 'add', 'ada']);
  await broker.json(['user', 'add', 'grace']);
  await broker.json(['group', 'add', 'eng', 'ada', 'grace']);
  await broker.json(['server', 'add', 'site', far.url]);
  const grant = Object(await broker.json(['grant', 'issue', '--label', 'ci', '--server', 'site']));
  token = String(grant['token']);
});
after(() => far.close());

const lines = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, code } = await admin.broker.run(args, '');
  assert.equal(code, 0, stderr);
  return stdout;
};

/** As the grant: lists the tools and calls some, or reads resources, in a session of its own. */
async function use(...tools: string[]): Promise<void> {
  const post = (message: object, session?: string | null) =>
    fetch(`${admin.broker.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
        ...(session ? { 'mcp-session-id': session } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const hello = await post({ id: 1, method: 'initialize', params });
  const session = hello.headers.get('mcp-session-id');
  await (await post({ id: 2, method: 'tools/list' }, session)).text();
  for (const [at, name] of tools.entries()) {
    const call = { method: 'tools/call', params: { name, arguments: { n: 1 } } };
    const read = { method: 'resources/read', params: { uri: name } };
    await (await post({ id: 3 + at, ...(name.includes('__') ? call : read) }, session)).text();
  }
}

describe('rules', () => {
  let everything = '';
  before(async () => {
    const early = await lines('rule', 'add', '--allow', '--who', 'user:ada', '--what', 'site__read_page');
    assert.match(early, /! site has never been listed, so nobody knows its tools yet/);
    const rule = Object(await admin.broker.json(['rule', 'add', '--allow', '--who', 'grant:ci', '--what', 'site__*']));
    everything = String(rule['id']);
    await use('site__read_page', 'site__read_page', 'site__delete_page');
  });

  it('that match nothing today say so when they are added, and name what may have been meant', async () => {
    const told = await lines(
      ...['rule', 'add', '--deny', '--dry-run', '--who', 'user:adda', 'grant:cj', '--what'],
      ...['siet__*', 'site__delet_page', 'write:siet', 'bundle:none', 'site__read_*'],
    );
    assert.match(told, /there is no user:adda yet; [^\n]*did you mean user:ada\?/);
    assert.match(told, /grant:cj is nobody today; did you mean grant:ci\?/);
    assert.match(told, /! siet: did you mean site\? 0 tools\n/);
    assert.match(told, /! site__delet_page: 0 tools today; did you mean site__delete_page\?/);
    assert.match(told, /! bundle:none matches no bundle today\n/);
    assert.doesNotMatch(told, /! site__read_\*/);
    const others = [
      'site.read_page',
      'site:read_page',
      'siet/read_page',
      'raed:site',
      'read_page',
      'site',
      'prompt:greet',
    ];
    const near = await lines('rule', 'add', '--deny', '--dry-run', '--who', '*', '--what', ...others);
    const meant = ['site__read_page', 'site__read_page', 'site__read_page', 'read:site', 'site__read_page', 'site__*'];
    for (const [at, each] of [...meant, 'prompt:site__greet'].entries())
      assert.ok(
        near.includes(
          `! ${others[at]}: 0 ${at === 6 ? 'prompts' : 'tools'}; write SERVER__TOOL; did you mean ${each}?\n`,
        ),
        near,
      );
    const { stdout } = await admin.broker.run(['rule', 'test', 'user:ada', 'siet__read_page'], '');
    assert.match(stdout, /^deny: [^\n]*\n +! siet: did you mean site\? 0 tools\n$/);
  });

  it('that allow whoever says that they are some device or AI client are added with a warning, and what to write', async () => {
    const allow = await lines('rule', 'add', '--allow', '--dry-run', '--who', 'client:cursor', '--what', 'site__*');
    assert.match(
      allow,
      /! client:cursor is what AI clients say of themselves[^\n]* --when 'client\.name == "cursor"'\n/,
    );
    const deny = await lines('rule', 'add', '--deny', '--dry-run', '--who', 'client:cursor', '--what', 'site__*');
    assert.doesNotMatch(deny, /say of themselves/);
  });

  it('are tried out before they are added: who gains and loses what, and which recorded calls are decided otherwise', async () => {
    const gains = await lines('rule', 'add', '--allow', '--who', 'group:eng', '--what', 'read:site', '--dry-run');
    assert.match(
      gains,
      /\+ user:ada gains prompt:site__greet, resource:site\+doc:\{name\}, site__read_list \(denied → allowed\)/,
    );
    assert.match(
      gains,
      /\+ user:grace gains prompt:\S+, resource:\S+, site__read_\w+, site__read_\w+ \(denied → allowed\)/,
    );
    const args = ['rule', 'add', '--deny', '--who', '*', '--what', 'write:site'];
    const loses = Object(await admin.broker.json([...args, '--dry-run']));
    assert.deepEqual(
      loses['access'].map(({ direction, who, what }: Record<string, unknown>) => ({ direction, who, what })),
      [{ direction: 'loses', who: ['grant:ci'], what: ['site__delete_page'] }],
    );
    const { judged, changed, unknown, people, tools } = loses['replay'];
    assert.deepEqual([judged, changed, unknown, people, tools], [3, 1, 0, ['grant:ci'], ['site__delete_page']]);
    const rules = await admin.rows('rule', 'list');
    assert.equal(rules.length, 2, 'nothing was added');
    const out = Object(await admin.broker.json(['rule', 'remove', everything, '--dry-run']));
    assert.equal(out['replay'].changed, 3);
    assert.equal((await admin.rows('rule', 'list')).length, 2, 'nothing was removed');
  });

  it('of a file are tried out in place of those that there are; what arguments decide is counted apart', async () => {
    const file = join(admin.broker.dataDir, 'rules.yaml');
    writeFileSync(
      file,
      "rules:\n  - { effect: allow, who: ['*'], what: ['read:site'] }\n  - { effect: allow, who: ['grant:ci'], what: ['site__delete_page'], when: 'args.n > 0' }\n",
    );
    const told = Object(await admin.broker.json(['rule', 'simulate', file]));
    const { judged, changed, unknown } = told['replay'];
    assert.deepEqual([judged, changed, unknown], [3, 0, 1]);
    assert.match(
      await lines('rule', 'simulate', file, '--since', '7d'),
      /\? 1 call of which the log does not say enough/,
    );
    writeFileSync(file, 'rules:\n  - { effect: allow, who: [nobody], what: [a] }\n');
    const away = await admin.failure(['rule', 'simulate', `${file}.nowhere`]);
    assert.match(away.stderr, /nowhere cannot be read: there is no such file/);
    const endless = await admin.failure(['rule', 'simulate', '/dev/zero']);
    assert.match(endless.stderr, /\/dev\/zero is larger than 4194304 bytes/);
    const { stderr, code } = await admin.failure(['rule', 'simulate', file]);
    assert.equal(code, 2);
    assert.match(stderr, /rules\.0\.who\.0: "nobody": did you mean user:nobody or group:nobody\? WHO is/);
    writeFileSync(file, 'rules:\n  - { effect: alow, whom: [x], what: [a] }\n');
    const several = await admin.failure(['rule', 'simulate', file]);
    assert.match(several.stderr, /rules\.0\.effect: it must be allow, deny or ask\n.*rules\.0\.who: it is missing\n/);
    writeFileSync(file, '# no rule yet\n');
    assert.match((await admin.failure(['rule', 'simulate', file])).stderr, /nothing stands in it; write rules/);
    writeFileSync(file, 'rules: [\n');
    assert.match((await admin.failure(['rule', 'simulate', file])).stderr, /line 2/);
  });

  it('are shown as who can do what, in lines that fit 80 columns', async () => {
    const matrix = Object(await admin.broker.json(['rule', 'matrix', '--tool', 'site__*']));
    assert.equal(matrix['people'], 3);
    assert.equal(matrix['things'], 3);
    const ci = matrix['rows'].filter(({ who }: { who: string[] }) => who.includes('grant:ci'));
    assert.deepEqual(ci, [
      {
        who: ['grant:ci'],
        what: ['site__delete_page', 'site__read_list', 'site__read_page'],
        decisions: ['allow'],
        rules: [everything],
      },
    ]);
    const text = await lines('rule', 'matrix', '--user', 'ada');
    assert.match(text, /^WHO +MAY +WHAT +RULE\nuser:ada +yes +site__read_page +r_\w+\n/);
    const own = await lines('rule', 'matrix', '--user', 'ada', '--tool', 'read_page');
    assert.match(own, /\n(?:user:)?ada +\S+ +site__read_page/, 'a tool is found by its own name');
    for (const [asked, told] of [
      [['--user', 'nobody'], /there is no nobody among those who may call anything; `user list` shows/],
      [['--user', 'adda'], /did you mean ada\? `user list`|did you mean ada\? `user list`/],
      [['--user', 'ada', '--group', 'engg'], /there is no group engg; did you mean eng\?/],
      [['--tool', 'siet__*'], /nothing that is known is called siet__\*; siet: did you mean site\? 0 tools/],
    ] as const) {
      const { code, stderr } = await admin.failure(['rule', 'matrix', ...asked]);
      assert.equal(code, 1);
      assert.match(stderr, told);
    }
  });

  it('are suggested by what was used, and what nobody used is named', async () => {
    const told = Object(await admin.broker.json(['rule', 'suggest']));
    assert.deepEqual(
      told['rules'].map(({ who, what }: Record<string, unknown>) => ({ who, what })),
      [{ who: ['grant:ci'], what: ['site__delete_page', 'site__read_page'] }],
    );
    assert.deepEqual(told['unused'], [{ what: 'site__read_list', people: 1 }]);
    assert.equal(told['unused_rules'].length, 1);
    const text = await lines('rule', 'suggest');
    assert.match(text, /\n# unused of site: site__read_list, which 1 person may use\n/);
    assert.match(text, /\nrules:\n {2}# site\n {2}- effect: allow\n/);
    const file = join(admin.broker.dataDir, 'suggested.yaml');
    writeFileSync(file, text);
    assert.equal(Object(await admin.broker.json(['rule', 'simulate', file]))['replay'].changed, 0);
  });

  it('are suggested to ask whom the rules ask by which calls went, and what is narrower about those is told', async () => {
    const ask = ['--ask', '--who', 'grant:ci', '--what', 'site__read_list', '--approver', 'role:admin'];
    const rule = Object(await admin.broker.json(['rule', 'add', ...ask, '--limit', '5/day']));
    const used = use('site__read_list');
    for (;;) {
      const [waits] = await admin.rows('request', 'list');
      if (waits === undefined) continue;
      await admin.broker.json(['request', 'approve', String(waits['id'])]);
      break;
    }
    await used;
    const told = Object(await admin.broker.json(['rule', 'suggest']));
    assert.deepEqual(
      told['rules'].map(({ effect, approvers, what }: Record<string, unknown>) => ({ effect, approvers, what })),
      [
        { effect: 'allow', approvers: undefined, what: ['site__delete_page', 'site__read_page'] },
        { effect: 'ask', approvers: ['role:admin'], what: ['site__read_list'] },
      ],
    );
    assert.match(told['rules'][1].note, /; narrower until now: r_\w+ \(at most 5 a day per person\)$/);
    const file = join(admin.broker.dataDir, 'suggested.yaml');
    writeFileSync(file, await lines('rule', 'suggest'));
    assert.equal(Object(await admin.broker.json(['rule', 'simulate', file]))['replay'].changed, 0);
    await admin.broker.json(['rule', 'remove', String(rule['id'])]);
    await lines('rule', 'forget', String(rule['id']));

    const reads = ['--allow', '--who', 'grant:ci', '--what', 'resource:site+doc:*'];
    const { id } = Object(await admin.broker.json(['rule', 'add', ...reads]));
    await use('site+doc:one');
    const text = await lines('rule', 'suggest');
    assert.match(text, / resource:site\+doc:one\n/, 'and not those of that URI at every server');
    assert.doesNotMatch(text, /every server/);
    await admin.broker.json(['rule', 'remove', String(id)]);
  });

  it('that are removed, or not enforced, tell what that opens, and status warns until they are back', async () => {
    const deny = Object(
      await admin.broker.json(['rule', 'add', '--deny', '--who', 'grant:ci', '--what', 'write:site']),
    );
    const { stderr, stdout } = await admin.broker.run(['rule', 'remove', String(deny['id'])], '');
    assert.match(stderr, /this opens:\n +\+ grant:ci gains site__delete_page \(denied → allowed\)/);
    assert.match(stdout, /^removed/);
    const warnings = async () => Object(await admin.broker.json(['status']))['warnings'].join('\n');
    assert.match(await warnings(), /rule r_\w+ was removed by host:\S+: deny grant:ci to call write:site/);
    await admin.broker.json(['rule', 'add', '--deny', '--who', 'grant:ci', '--what', 'write:site']);
    assert.doesNotMatch(await warnings(), /was removed by/);
    const again = Object(await admin.broker.json(['rule', 'add', '--ask', '--who', 'user:ada', '--what', 'site__x']));
    const id = String(again['id']);
    await admin.broker.run(['rule', 'remove', id], '');
    assert.match(
      await warnings(),
      new RegExp(`rule ${id} was removed by .*\\x60rule forget ${id}\\x60 if that was meant`),
    );
    assert.match(
      await lines('rule', 'forget', id),
      new RegExp(`^${id} is missed no more: ask somebody before user:ada`),
    );
    assert.doesNotMatch(await warnings(), /was removed by/);
    assert.equal((await admin.broker.run(['rule', 'forget', id], '')).code, 1, 'once');
    const off = await admin.broker.run(['enforcement', 'observe'], '');
    assert.match(off.stderr, /this opens:\n/);
    assert.match(await warnings(), /enforcement is observe/);
    await admin.broker.json(['enforcement', 'enforce']);
    await admin.broker.json(['rule', 'add', '--allow', '--who', '*', '--what', '*']);
    assert.match(await warnings(), /rule r_\w+ allows everybody everything/);
  });

  it('that match nothing say so also where a server has templates, which any rule may be about', async () => {
    const pages = await startSloppyHttp('http', {});
    try {
      await admin.broker.json(['server', 'add', 'pages', pages.url]);
      await lines('server', 'test', 'pages');
      const { rows } = Object(await admin.broker.json(['rule', 'matrix', '--user', 'ada', '--tool', 'resource:*']));
      assert.ok(rows[0].what.includes('resource:pages+doc:{name}'));
      const told = await lines(
        ...['rule', 'add', '--deny', '--dry-run', '--who', '*', '--what'],
        ...['pagse__*', 'pages__eco', 'read:pagse', '*__nothing', '*', 'resource*', 'read:pages', 'prompt:pages__*'],
      );
      assert.match(
        told,
        /:\n +! pagse: did you mean pages\? 0 tools\n +! pages__eco: [^\n]* pages__echo\?\n +! pagse: did you mean pages\? 0 tools\n +! \*__nothing: 0 tools today\n +[^!]/,
      );
      const { stdout } = await admin.broker.run(['rule', 'test', 'user:ada', 'pages__eco'], '');
      assert.match(stdout, /\n +! pages__eco: 0 tools today; did you mean pages__echo\?\n$/);
    } finally {
      await pages.close();
    }
  });

  it('are changed in their place: what is named is changed, and the rest stays; what that opens is told before', async () => {
    const added = await admin.broker.json([
      ...['rule', 'add', '--allow', '--who', 'user:grace', '--what', 'site__read_list'],
      ...['--limit', '5/minute', '--sum', 'args.n<=9/day', '--until', '90d', '--note', 'lists'],
    ]);
    const { id, until } = Object(added) as { id: string; until: string };
    const tried = await lines('rule', 'edit', id, '--what', 'site__*', '--dry-run');
    assert.match(tried, new RegExp(`^rule ${id} is not changed; that would change this:`));
    assert.match(tried, /^ *- user:grace loses site__/m, 'what was free is counted now');
    const told = await lines(
      'rule',
      'edit',
      id,
      '--who',
      'user:grace',
      'user:adda',
      '--limit',
      '7/minute',
      '--no-until',
    );
    assert.match(told, new RegExp(`^changed ${id}: allow user:grace and user:adda .*at most 7 a minute`));
    assert.match(told, /there is no user:adda yet; [^\n]*did you mean user:ada\?/);
    const now = (await admin.rows('rule', 'list')).find((each) => each['id'] === id);
    const limits = Object(now)['limits'] as { most: number }[];
    assert.deepEqual(
      [now?.['what'], now?.['note'], now?.['until'], limits.map(({ most }) => most).toSorted((a, b) => a - b)],
      [['site__read_list'], 'lists', null, [7, 9]],
    );
    assert.ok(until > '2026');
    for (const [args, code, said] of [
      [['rule', 'edit', id], 2, /say what to change/],
      [['rule', 'edit', id, '--allow', '--deny'], 2, /one of --allow, --deny and --ask/],
      [['rule', 'edit', id, '--deny'], 2, /a rule that denies has no limit/],
      [['rule', 'edit', 'r_none', '--no-note'], 1, /no rule r_none; `rule list` shows them/],
    ] as const) {
      const refused = await admin.broker.run([...args], '');
      assert.equal(refused.code, code, refused.stderr);
      assert.match(refused.stderr, said);
    }
  });
});
