import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, type Row } from '../fixtures/administration.ts';
import { onTerminal } from '../fixtures/on-terminal.ts';

const admin = administration(async (broker) => {
  await broker.json(['server', 'add', 'gh', 'https://gh.example/mcp']);
  await broker.json(['server', 'add', 'wiki', 'https://wiki.example/mcp']);
  for (const what of ['gh__*', 'prompt:gh__x', 'g*__search', 'git*'])
    await broker.json(['rule', 'add', '--allow', '--who', '*', '--what', what]);
  await broker.json(['grant', 'issue', '--label', 'ci', '--server', 'gh', 'wiki']);
});
const rename = async (...words: string[]): Promise<Row> =>
  Object(await admin.broker.json(['server', 'rename', ...words]));
const env = () => ({ MCPGATE_DATA: admin.broker.dataDir });
const whats = async (): Promise<unknown[]> => (await admin.rows('rule', 'list')).flatMap(({ what }) => what);

describe('server rename', () => {
  test('says before and after what goes along, and what rules with wildcards mean then; nothing is done by the first', async () => {
    const names = async () => (await admin.rows('server', 'list')).map(({ name }) => name);
    const before = [await names(), await whats(), await admin.rows('grant', 'list')];
    const plan = await rename('gh', 'github', '--dry-run');
    assert.deepEqual([await names(), await whats(), await admin.rows('grant', 'list')], before);
    const { stdout } = await admin.broker.run(['server', 'rename', 'gh', 'github', '--dry-run']);
    assert.match(
      stdout,
      /^gh would be github\n {2}rule r_\w+: gh__\* → github__\*\n {2}rule r_\w+: prompt:gh__x → prompt:github__x\n/,
    );
    assert.match(
      stdout,
      / {2}grant ci: bound to github\n {2}! rule r_\w+ \(allow git\*\) matches more of it under its new name\n$/,
    );

    const done = await rename('gh', 'github');
    assert.deepEqual(
      [done['rules'], done['shifted'], done['grants'], done['dry_run']],
      [plan['rules'], plan['shifted'], plan['grants'], false],
    );
    assert.deepEqual(await whats(), ['github__*', 'prompt:github__x', 'g*__search', 'git*']);
    assert.deepEqual((await admin.rows('grant', 'list'))[0]?.['servers'], ['github', 'wiki']);
    assert.deepEqual(
      (await admin.rows('server', 'list')).map(({ name, former_names: former }) => [name, former]),
      [
        ['github', ['gh']],
        ['wiki', []],
      ],
    );
  });

  test('is in the log under either name', async () => {
    const found = async (name: string) =>
      (await admin.rows('audit', 'search', '--events', '--server', name)).map(({ type }) => type);
    assert.deepEqual(await found('gh'), ['server.renamed', 'server.added']);
    assert.deepEqual(await found('github'), await found('gh'));
    const [event] = await admin.rows('audit', 'search', '--events', '--type', 'server.renamed');
    const { from, to, grants } = Object(event?.['data']);
    assert.deepEqual([event?.['subject'], from, to, grants], ['server:github', 'gh', 'github', ['ci']]);
  });

  test('refuses what cannot be a name, is taken, or is no server, and says where one has gone', async () => {
    for (const [to, code, message] of [
      ['No_Name', 2, /a server name is 1 to 24/],
      ['a__b', 2, /a server name is 1 to 24/],
      ['wiki', 1, /a server named wiki exists already/],
      ['github', 2, /github is called that already/],
    ] as const) {
      const refused = await admin.failure(['server', 'rename', 'github', to]);
      assert.equal(refused.code, code, refused.stderr);
      assert.match(refused.stderr, message);
    }
    assert.match((await admin.failure(['server', 'rename', 'gh', 'x'])).stderr, /gh is called github now/);
    assert.match((await admin.failure(['server', 'show', 'gh'])).stderr, /gh is called github now/);
    assert.equal((await admin.failure(['server', 'rename', 'nobody', 'x'])).code, 1);
  });

  test('asks on a terminal where rules would mean something else', async () => {
    const no = await onTerminal(env(), ['server', 'rename', 'github', 'hub'], 'n');
    assert.equal(no.code, 130);
    assert.match(
      no.stderr,
      /! rule r_\w+ \(allow git\*\) matches less of it.*\nRename github all the same\? \[y\/N\] /,
    );
    assert.equal((await admin.failure(['server', 'show', 'hub'])).code, 1);
    assert.equal((await onTerminal(env(), ['server', 'rename', 'github', 'hub'], 'y')).code, 0);
    const [hub] = await admin.rows('server', 'list');
    assert.deepEqual([hub?.['name'], hub?.['former_names']], ['hub', ['gh', 'github']]);
  });

  test('says to whoever takes a former name whose it was', async () => {
    const added = await admin.broker.run(['server', 'add', 'gh', 'https://new.example/mcp']);
    assert.match(added.stdout, /^added gh\n {2}! hub was called gh: AI clients that still say so reach the new one/);
    const plan = await rename('gh', 'github', '--dry-run');
    assert.equal(plan['former_name_of'], 'hub');
    assert.equal((await rename('hub', 'github'))['former_name_of'], null, 'its own one back');
  });
});
