// What the commands about servers say is left to do, or is wrong, although they have done what was asked.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { administration } from '../fixtures/administration.ts';
import { onTerminal } from '../fixtures/on-terminal.ts';

const admin = administration();
const said = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await admin.broker.run(words);
  assert.equal(code, 0, stderr);
  return stdout;
};
let upstream: Awaited<ReturnType<typeof startHttpUpstream>>;
before(async () => {
  upstream = await startHttpUpstream();
  upstream.tools = ['whoami'];
});
after(() => upstream.close());

describe('a server', () => {
  test('that is added with personal accounts says how people get one', async () => {
    const words = ['--header', 'X-Key=${account:KEY}', '--credential', 'personal', '--key', 'KEY=Your key'];
    assert.match(
      await said('server', 'add', 'mine', 'https://mine.example/mcp', ...words),
      /next: mcpgate-broker server test mine\nthen each person connects their own account: .*`mcpgate connect mine`\n$/,
    );
  });

  test('that everybody uses with one account is to be connected before it is tested', async () => {
    assert.match(
      await said('server', 'add', 'ours', 'https://ours.example/mcp', '--oauth'),
      /next: mcpgate-broker server connect ours\n$/,
    );
  });

  test('shows its tools once it was tested, and a probe is warned of that it does not list, or that says nothing of being read-only', async () => {
    await said('server', 'add', 'web', upstream.url, '--isolation', 'per-user');
    assert.match(await said('server', 'show', 'web'), /^tools +not asked yet$/m);
    assert.match(
      await said('server', 'set', 'web', '--probe', 'whoami'),
      /! probe: .*not looked at yet.*server test web/,
    );
    await said('server', 'test', 'web');
    assert.match(await said('server', 'show', 'web'), /^tools +1$/m);
    assert.match(
      await said('server', 'set', 'web', '--probe', 'whoarmi'),
      /! probe: it lists no tool whoarmi; did you mean whoami\?/,
    );
    assert.match(
      await said('server', 'set', 'web', '--probe', 'whoami'),
      /! probe: the tool whoami does not say of itself/,
    );
  });

  test('that is enabled names the secrets that have no value', async () => {
    const file = join(admin.broker.dataDir, 'clients.json');
    const entry = { mcpServers: { bare: { command: 'node', args: ['-e', '0'], env: { API_TOKEN: '${API_TOKEN}' } } } };
    writeFileSync(file, JSON.stringify(entry));
    const imported = await admin.broker.run(['server', 'import', file, '--yes']);
    assert.equal(imported.code, 0, imported.stderr);
    await said('server', 'disable', 'bare');
    const name = /secret set (\S+)/.exec(imported.stdout)?.[1] ?? assert.fail(imported.stdout);
    assert.match(
      await said('server', 'enable', 'bare'),
      new RegExp(`! the secret ${name} has no value yet.*secret set ${name}`),
    );
  });

  test('is removed on a terminal only once that was confirmed, as people and secrets are', async () => {
    const { dataDir } = admin.broker;
    const remove = (answer: string, ...words: string[]) => onTerminal({}, [...words, '--data', dataDir], answer);
    await said('user', 'add', 'eve');
    for (const words of [
      ['server', 'remove', 'web'],
      ['user', 'remove', 'eve'],
    ]) {
      const no = await remove('n', ...words);
      assert.notEqual(no.code, 0);
      assert.match(no.stderr, /for good\? \[y\/N\].*nothing was removed/s);
      assert.equal((await remove('y', ...words)).code, 0, words.join(' '));
    }
    assert.ok((await admin.rows('server', 'list')).every(({ name }) => name !== 'web'));
  });
});

test('the last administrator is not locked out: who would undo it is named, and nothing has ended', async () => {
  await said('user', 'add', 'root', '--role', 'admin', '--group', 'heads');
  await said('user', 'add', 'other', '--role', 'admin', '--group', 'heads');
  const group = await admin.broker.run(['group', 'disable', 'heads']);
  assert.deepEqual(
    [group.code, /all administrators .* in the group heads/.test(group.stderr)],
    [1, true],
    group.stderr,
  );
  assert.equal((await admin.broker.run(['user', 'disable', 'other'])).code, 0);
  for (const words of [
    ['user', 'disable', 'root'],
    ['user', 'remove', 'root', '--yes'],
    ['user', 'set-role', 'root', 'auditor'],
    ['group', 'disable', 'heads'],
  ]) {
    const last = await admin.broker.run(words);
    assert.equal(last.code, 1, words.join(' '));
    assert.match(last.stderr, /make somebody else an administrator first/);
  }
  const { role, disabled } = Object(await admin.broker.json(['user', 'show', 'root']));
  assert.deepEqual([role, disabled], ['admin', false]);
});
