// `rule test` understands a name as a call does: each name is tested and really called, by the same grant, against a running broker.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { exposedName } from '../../mcp/exposed-name.ts';
import { administration } from '../fixtures/administration.ts';

const LONG = 'a_tool_whose_name_is_far_longer_than_what_clients_take_of_one';
const schema = { type: 'object', properties: { n: { type: 'number' }, team: { type: 'string' } } };
const tools = { site: ['page', 'both', LONG], wiki: ['note', 'both', 'hidden'], works: ['page2', 'fresh'] };
const offering =
  (server: keyof typeof tools) =>
  ({ method }: { method: string | undefined }) => {
    if (method === 'tools/list')
      return { result: JSON.stringify({ tools: tools[server].map((name) => ({ name, inputSchema: schema })) }) };
    return method === 'tools/call' ? { result: '{"content":[]}' } : undefined;
  };

const fars: { close(): Promise<void> }[] = [];
const tokens = new Map<string, string>();
const admin = administration(async (broker) => {
  for (const server of ['site', 'wiki', 'works'] as const) {
    const far = await startSloppyHttp('http', { answer: offering(server) });
    fars.push(far);
    const name = server === 'works' ? 'lab' : server;
    await broker.json(['server', 'add', name, far.url]);
    await broker.json(['server', 'test', name]);
  }
  await broker.json(['server', 'rename', 'lab', 'works']);
  for (const name of ['ada', 'grace']) await broker.json(['user', 'add', name]);
  await broker.json(['group', 'add', 'eng', 'grace']);
  for (const bundle of ['kit', 'open']) {
    const as = ['--tool', 'wiki__note', '--as', `${bundle}_note`, '--fix', 'team="red"', '--tool', 'wiki__hidden'];
    await broker.json(['bundle', 'add', bundle, ...as]);
  }
  await broker.json(['group', 'set', 'eng', '--bundle', 'kit']);
  const rules = [
    ['--allow', '--who', '*', '--what', 'site__page', 'site__both', 'works__*', `site__${LONG}`],
    ['--allow', '--who', 'user:ada', '--what', 'wiki__both'],
    ['--allow', '--who', '*', '--what', 'bundle:kit', '--when', 'args.team == "red"'],
    ['--deny', '--who', '*', '--what', 'wiki__hidden'],
  ];
  for (const rule of rules) await broker.json(['rule', 'add', ...rule]);
  for (const user of ['ada', 'grace']) {
    const bound = ['site', 'wiki', 'works'].flatMap((server) => ['--server', server]);
    const grant = Object(await broker.json(['grant', 'issue', '--label', `of-${user}`, '--user', user, ...bound]));
    tokens.set(user, String(grant['token']));
  }
});
after(async () => await Promise.all(fars.map((far) => far.close())));

/** What a call of that name is answered, in a session of its own. */
async function called(user: string, path: string, name: string, args: object): Promise<string> {
  const post = async (message: object, session?: string | null) =>
    await fetch(`${admin.broker.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${tokens.get(user)}`,
        ...(session ? { 'mcp-session-id': session } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const hello = await post({ id: 1, method: 'initialize', params });
  const session = hello.headers.get('mcp-session-id');
  const answer = await post({ id: 2, method: 'tools/call', params: { name, arguments: args } }, session);
  return await answer.text();
}

describe('rule test', () => {
  it('takes a name for what a call of that name takes it for: own names, bundles, former names of servers, shortened names', async () => {
    const cases: readonly [user: string, bundle: string | undefined, name: string, args?: object][] = [
      ['ada', undefined, 'page'],
      ['ada', undefined, 'site__page'],
      ['ada', undefined, 'both'],
      ['grace', undefined, 'both'],
      ['ada', undefined, 'note'],
      ['ada', undefined, 'nothing'],
      ['ada', undefined, 'lab__page2'],
      ['ada', undefined, 'works__page2'],
      ['ada', undefined, 'page2'],
      ['ada', undefined, exposedName('site', LONG)],
      ['ada', 'kit', 'kit_note', { n: 1 }],
      ['ada', 'kit', 'kit_note', { team: 'blue' }],
      ['ada', 'kit', 'kit_note', { TEAM: 'blue' }],
      ['ada', 'kit', 'wiki__note'],
      ['ada', 'kit', 'hidden'],
      ['ada', 'kit', 'site__page'],
      ['ada', 'open', 'open_note', { n: 1 }],
      ['grace', undefined, 'kit_note'],
      ['grace', undefined, 'site__page'],
      ['grace', undefined, 'page'],
      ['ada', undefined, 'kit_note'],
      ['grace', 'kit', 'kit_note'],
    ];
    let allowed = 0;
    for (const [user, bundle, name, args = {}] of cases) {
      const answer = await called(user, bundle === undefined ? '/mcp' : `/mcp/${bundle}`, name, args);
      const wentOn = answer.includes('"content":[]');
      const flags = [...(bundle === undefined ? [] : ['--bundle', bundle]), '--args', JSON.stringify(args)];
      const { stdout, stderr, code } = await admin.broker.run(
        ['rule', 'test', `user:${user}`, name, ...flags, '--json'],
        '',
      );
      assert.equal(stderr, '');
      const told = Object(JSON.parse(stdout));
      const about = `${user} ${bundle} ${name}: ${answer} and ${stdout}`;
      assert.equal(told['decision'], wentOn ? 'allow' : 'deny', about);
      assert.equal(code, wentOn ? 0 : 1, about);
      const [row] = await admin.rows('audit', 'search', '--limit', '1');
      if (wentOn) assert.deepEqual([told['meant'], told['rule']], [row?.['tool_name'], row?.['rule']], about);
      if (wentOn) allowed++;
    }
    assert.equal(allowed, 12);
  });

  it('says what the name means, and of a bundle what it has instead', async () => {
    const text = async (...args: string[]) => (await admin.broker.run(['rule', 'test', ...args], '')).stdout;
    assert.match(await text('ada', 'page'), /^allow \(r_\w+\): [^\n]*\n +page is site__page\n$/);
    const through = /^allow [^\n]*\n +kit_note is wiki__note, called through bundle kit\n/;
    assert.match(await text('ada', 'kit_note', '--bundle', 'kit'), through);
    const other = 'deny: there is no tool wiki__note in bundle kit; did you mean kit_note?\n';
    assert.equal(await text('ada', 'wiki__note', '--bundle', 'kit'), other);
    assert.match(
      await text('ada', 'both'),
      /^deny: both is of several servers; ask for one of them: site__both, wiki__both\n/,
    );
    const { stderr, code } = await admin.failure(['rule', 'test', 'ada', 'x', '--bundle', 'kitt']);
    assert.match(stderr, /there is no bundle "kitt"; did you mean kit\? `bundle list` shows them/);
    assert.equal(code, 1);
  });

  it('denies what waits for a person, as a call of it is denied', async () => {
    await admin.broker.json(['server', 'set', 'works', '--definitions', 'hold']);
    tools.works = ['page2', 'newest'];
    await admin.broker.json(['server', 'test', 'works']);
    assert.match(await called('ada', '/mcp', 'works__newest', {}), /nobody has accepted it yet/);
    const { stdout, code } = await admin.broker.run(['rule', 'test', 'ada', 'works__newest'], '');
    assert.match(
      stdout,
      /^deny \(definition-held\): its definition is new or has changed, and nobody has accepted it yet/,
    );
    assert.equal(code, 1);
  });
});
