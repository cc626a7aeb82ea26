import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, keysOf } from '../fixtures/administration.ts';

const admin = administration();

describe('secrets', () => {
  test('a value that is too long is refused by the name of its secret, and what was there stays', async () => {
    await admin.broker.json(['secret', 'set', 'long-token'], { stdin: 'x'.repeat(65_536) + '\r\n' });
    for (const words of [
      ['secret', 'set', 'long-token'],
      ['secret', 'rotate', 'long-token'],
    ]) {
      const { code, stderr } = await admin.failure(words, 'y'.repeat(1024 * 1024));
      assert.equal(code, 2);
      assert.match(stderr, /the value of long-token is longer than 64 KiB; nothing was changed/);
    }
    const [version] = Object(await admin.broker.json(['secret', 'history', 'long-token'])) as { version: number }[];
    assert.equal(version?.version, 1);
    await admin.broker.json(['secret', 'remove', 'long-token', '--yes']);
  });

  test('come from stdin, lose the line end, and are listed without a value', async () => {
    const set = await admin.broker.json(['secret', 'set', 'github-token'], { stdin: 'first-v4lue\n' });
    assert.equal(Object(set)['version'], 1);
    await admin.broker.json(['secret', 'set', 'github-token'], { stdin: 'second-v4lue\n' });
    const list = await admin.rows('secret', 'list');
    assert.deepEqual(keysOf(list[0]), [
      ...['created_at', 'expires_at', 'hooks', 'last_used_at', 'name', 'reading', 'servers', 'source', 'version'],
    ]);
    const { verified, steps } = Object(set) as { verified: unknown; steps: unknown };
    assert.deepEqual([verified, steps], [null, []], 'no server uses it');
    assert.equal(list[0]?.['version'], 2);
    assert.doesNotMatch(JSON.stringify(list) + admin.broker.stderr(), /v4lue/);
  });

  test('come from elsewhere with --from, which says what it does not take', async () => {
    const refused = async (...words: string[]) => await admin.failure(['secret', 'set', 'read-token', ...words]);
    const alone = await refused('--keep-for', '1h');
    assert.deepEqual([alone.code, /--keep-for says nothing without --from/.test(alone.stderr)], [2, true]);
    for (const [from, code, message] of [
      ['env:HOME', 1, /cannot be read from env:HOME: sources\.env .* does not allow HOME/],
      ['env:MCPGATE_SECRET_NONE', 4, /MCPGATE_SECRET_NONE is not in the broker’s environment/],
      ['file:/etc/hostname', 1, /sources\.files .* does not allow \/etc\/hostname/],
      ['vault:a#b', 1, /must set vault\.address/],
      ['command:/bin/echo x', 1, /sources\.commands .* does not allow this command/],
      ['https://example.com', 2, /names no source: write env:NAME, file:\/PATH/],
    ] as const) {
      const { code: exit, stderr } = await refused('--from', from);
      assert.match(stderr, message);
      assert.equal(exit, code, from);
    }
    assert.ok(!(await admin.rows('secret', 'list')).some(({ name }) => name === 'read-token'));
  });

  test('that cannot stand where a server refers to them are told with that server, and its calls fail by the same words', async () => {
    const reference = '${secret:odd-token}';
    await admin.broker.json(['secret', 'set', 'odd-token'], { stdin: 'fits' });
    await admin.broker.json([
      'server',
      'add',
      'web',
      'https://127.0.0.1:9/mcp',
      '--header',
      `Authorization=Bearer ${reference}`,
    ]);
    await admin.broker.json([
      'server',
      'add',
      'cmd',
      '--env',
      `TOKEN=${reference}`,
      '--',
      'node',
      '-e',
      'process.exit(1)',
    ]);
    const fits = await admin.broker.run(['secret', 'set', 'odd-token'], 'v4lue-that-fits');
    assert.match(fits.stdout, /^odd-token is now version 2; used by cmd, web from the next call on\n/);
    assert.match(fits.stdout, /^ +✗ probe: web: connect: /m);
    assert.match(fits.stdout, /`mcpgate-broker secret rollback odd-token` brings back the version before/);
    const { stdout, code } = await admin.broker.run(['secret', 'set', 'odd-token'], 'first-v4lue\nsecond-v4lue\n');
    assert.equal(code, 1, 'a script hears that a server does not work with it');
    assert.match(stdout, /^odd-token is now version 3; used by cmd from the next call on\n/);
    assert.match(
      stdout,
      /^ +! web cannot use it, and its calls fail: the secret odd-token cannot stand in header Authorization: /m,
    );
    const tested = await admin.broker.run(['server', 'test', 'web']);
    assert.match(tested.stdout, /the secret odd-token cannot stand in header Authorization/);
    assert.doesNotMatch(stdout + tested.stdout, /v4lue/);
    await admin.broker.json(['server', 'remove', 'cmd']);
    const alone = await admin.broker.run(['secret', 'set', 'odd-token'], 'x\ty\nz');
    assert.match(alone.stdout, /^odd-token is now version 4\n +! web cannot use it/);
    const json = Object(await admin.broker.json(['secret', 'set', 'odd-token'], { stdin: 'fits' }));
    assert.deepEqual([json['version'], json['unfit']], [5, []]);
  });

  test('that nothing refers to are removed for good; one in use is not, and who uses it is said', async () => {
    await admin.broker.json(['secret', 'set', 'old-token'], { stdin: 'old-v4lue' });
    const reference = '${secret:old-token}';
    await admin.broker.json(['server', 'add', 'old', 'https://127.0.0.1:9/mcp', '--header', `X-Key=${reference}`]);
    const inUse = await admin.failure(['secret', 'remove', 'old-token']);
    assert.equal(inUse.code, 1);
    assert.match(
      inUse.stderr,
      /old-token is in use by the server old: change or remove these first; nothing was removed/,
    );
    const gone = await admin.broker.run(['server', 'remove', 'old']);
    assert.match(gone.stdout, /secret remove old-token/);
    const removed = Object(await admin.broker.json(['secret', 'remove', 'old-token']));
    assert.deepEqual([removed['name'], removed['version'], removed['servers']], ['old-token', 1, []]);
    assert.ok(!(await admin.rows('secret', 'list')).some(({ name }) => name === 'old-token'));
    const again = await admin.failure(['secret', 'remove', 'old-token']);
    assert.match(again.stderr, /there is no secret old-token; `secret list` shows them/);
    const events = await admin.rows('audit', 'search', '--events');
    assert.ok(events.some(({ type, subject }) => type === 'secret.removed' && subject === 'secret:old-token'));
  });

  test('are refused as an argument, and nothing is stored', async () => {
    const { code, stderr } = await admin.failure(['secret', 'set', 'by-argument', 'hunter2-hunter2']);
    assert.equal(code, 2);
    assert.match(stderr, /command line can be read by other people/);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.equal((await admin.failure(['secret', 'set', 'empty'], '\n')).code, 2);
    assert.deepEqual(
      (await admin.rows('secret', 'list')).map((secret) => secret['name']),
      ['github-token', 'odd-token'],
    );
  });
});
