import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { administration } from './fixtures/administration.ts';
import { runBrokerCommand } from './fixtures/broker-process.ts';

const admin = administration();

const issueToken = async (workspace: string, role: string): Promise<string> => {
  const label = `${workspace}-${role}`;
  const args = ['admin-token', 'issue', '--label', label, '--role', role, '--workspace', workspace];
  return String(Object(await admin.broker.json(args))['token']);
};

const asToken = (token: string, ...args: string[]) =>
  runBrokerCommand([...args, '--url', admin.broker.url, '--json'], { env: { MCPGATE_ADMIN_TOKEN: token } });

/** The API itself: status and text of the answer. */
async function ask(token: string, path: string, workspace?: string, body?: unknown) {
  const response = await fetch(`${admin.broker.url}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(workspace !== undefined && { [WORKSPACE_HEADER]: workspace }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

describe('workspaces', () => {
  test('are added, listed, worked in with --workspace, and removed once nothing is in them', async () => {
    assert.equal(Object(await admin.broker.json(['workspace', 'add', 'team-b']))['name'], 'team-b');
    const names = (await admin.rows('workspace', 'list')).map(({ name }) => name);
    assert.deepEqual(names, ['default', 'team-b']);
    assert.equal((await admin.failure(['workspace', 'add', 'team-b'])).code, 1);
    assert.equal((await admin.failure(['workspace', 'add', 'Team B'])).code, 2);
    assert.equal((await admin.failure(['user', 'list', '--workspace', 'Team B'])).code, 2);
    const missing = await admin.failure(['user', 'list', '--workspace', 'nowhere']);
    assert.deepEqual([missing.code, /no workspace nowhere/.test(missing.stderr)], [1, true]);

    await admin.broker.json(['user', 'add', 'ada', '--workspace', 'team-b']);
    assert.deepEqual(await admin.rows('user', 'list'), []);
    assert.equal((await admin.rows('user', 'list', '--workspace', 'team-b'))[0]?.['name'], 'ada');
    const held = await admin.failure(['workspace', 'remove', 'team-b']);
    assert.match(held.stderr, /the workspace team-b still has 1 user/);
    assert.match((await admin.failure(['workspace', 'remove', 'default'])).stderr, /cannot be removed/);
    const within = ['--workspace', 'team-b'] as const;
    for (const [args, hint] of [
      [['user', 'show', 'bob'], 'mcpgate-broker user list --workspace team-b'],
      [['group', 'members', 'ops'], 'mcpgate-broker group list --workspace team-b'],
      [['device', 'revoke', 'none'], 'mcpgate-broker device list --workspace team-b'],
      [['session', 'end', 'none'], 'mcpgate-broker session list --workspace team-b'],
      [['grant', 'revoke', 'none'], 'mcpgate-broker grant list --workspace team-b'],
      [['admin-token', 'revoke', 'none'], 'mcpgate-broker admin-token list --workspace team-b'],
      [['server', 'show', 'none'], 'server list --workspace team-b'],
      [['grant', 'issue', '--label', 'l', '--server', 'none'], 'server list --workspace team-b'],
      [['rule', 'remove', 'none'], 'rule list --workspace team-b'],
    ] as const) {
      assert.ok((await admin.failure([...args, ...within])).stderr.includes(`\`${hint}\``), hint);
    }
    assert.match((await admin.failure(['user', 'show', 'bob'])).stderr, /`mcpgate-broker user list`/);
    await admin.broker.json(['user', 'disable', 'ada', ...within]);
    assert.match(
      (await admin.failure(['user', 'link', 'ada', ...within])).stderr,
      /user enable ada --workspace team-b`/,
    );
    await admin.broker.json(['user', 'remove', 'ada', '--workspace', 'team-b']);
    await admin.broker.json(['workspace', 'remove', 'team-b']);
    assert.deepEqual(
      (await admin.rows('workspace', 'list')).map(({ name }) => name),
      ['default'],
    );
    const events = await admin.rows('audit', 'search', '--events');
    assert.deepEqual(
      events.filter(({ subject }) => subject === 'workspace:team-b').map(({ type }) => type),
      ['workspace.removed', 'workspace.added'],
    );
  });

  test('are for their own administrators: no token of one reads or changes another', async () => {
    await admin.broker.json(['workspace', 'add', 'a']);
    await admin.broker.json(['workspace', 'add', 'b']);
    for (const workspace of ['a', 'b']) {
      await admin.broker.json(['user', 'add', 'ada', '--email', `ada@${workspace}.example`, '--workspace', workspace]);
      await admin.broker.run(['secret', 'set', `of-${workspace}`, '--workspace', workspace], 'x\n');
    }
    const ofB = await issueToken('b', 'admin');
    for (const [path, expected] of [
      ['/users', 'ada@b.example'],
      ['/secrets', 'of-b'],
      ['/audit/events', '"workspace_id":"b"'],
    ] as const) {
      const { status, text } = await ask(ofB, path);
      assert.deepEqual([status, text.includes(expected)], [200, true], text);
      assert.doesNotMatch(text, /a\.example|of-a|"workspace_id":"(a|default)"/);
      for (const elsewhere of ['a', 'default', 'nowhere']) {
        const refused = await ask(ofB, path, elsewhere);
        assert.deepEqual([refused.status, /you belong to the workspace b/.test(refused.text)], [403, true]);
      }
    }
    assert.equal((await ask(ofB, '/users', 'a', { name: 'mallory' })).status, 403);
    assert.equal((await ask(ofB, '/workspaces')).status, 403);
    assert.equal((await ask(ofB, '/workspaces', undefined, { name: 'c' })).status, 403);
    const refused = await asToken(ofB, 'user', 'list', '--workspace', 'a');
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.equal((await admin.rows('user', 'list', '--workspace', 'a')).length, 1);
  });

  test('are open to administrators of the first one, who are named as such in the log, and to no other role of it', async () => {
    const token = await issueToken('default', 'admin');
    assert.equal((await asToken(token, 'user', 'add', 'eve', '--workspace', 'a')).code, 0);
    const events = await admin.rows('audit', 'search', '--events', '--workspace', 'a');
    assert.equal(events.find(({ subject }) => subject === 'user:eve')?.['actor'], 'admin-token:default-admin@default');
    const auditor = await issueToken('default', 'auditor');
    assert.match((await ask(auditor, '/audit/events', 'a')).text, /you belong to the workspace default/);
    assert.equal((await ask(auditor, '/audit/events')).status, 200);
  });
});
