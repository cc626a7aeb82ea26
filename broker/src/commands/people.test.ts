import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, keysOf, RECEIPT_KEYS } from './fixtures/administration.ts';
import { runBrokerCommand } from './fixtures/broker-process.ts';

const admin = administration();

describe('people', () => {
  test('the next command that is printed goes to the same broker and workspace as this one', async () => {
    const { dataDir, url } = admin.broker;
    const run = async (args: string[], env = {}) => (await runBrokerCommand(args, { env })).stdout;
    assert.match(
      await run(['user', 'add', 'hedy', '--data', dataDir]),
      new RegExp(`next: mcpgate-broker user link hedy --data ${dataDir} `),
    );
    assert.match(
      await run(['server', 'list', '--data', dataDir]),
      new RegExp(`server add --data ${dataDir}. or .server import --data ${dataDir}`),
    );
    const issued = Object(await admin.broker.json(['admin-token', 'issue', '--label', 'far', '--role', 'admin']));
    const env = { MCPGATE_ADMIN_TOKEN: String(issued['token']) };
    assert.match(await run(['user', 'add', 'mary', '--url', url], env), new RegExp(`user link mary --url ${url} `));
    assert.match(
      await run(['server', 'list', '--url', url], env),
      new RegExp(`server add --broker ${url}. or .server import --url ${url}`),
    );
    const link = await run(['user', 'link', 'mary', '--url', url], env);
    assert.match(link, /https?:\/\//, 'as it was printed it works');
    for (const name of ['hedy', 'mary']) await admin.broker.json(['user', 'remove', name]);
  });

  test('are added, listed, shown, put into groups, and refused twice', async () => {
    const ada = await admin.broker.json(['user', 'add', 'ada', '--email', 'ada@example.com', '--group', 'eng', 'qa']);
    assert.deepEqual(keysOf(ada), [
      'created_at',
      'disabled',
      'disabled_at',
      'email',
      'groups',
      'has_password',
      'id',
      'managed_by',
      'name',
      'role',
    ]);
    assert.equal((await admin.rows('user', 'list'))[0]?.['name'], 'ada');
    const again = await admin.failure(['user', 'add', 'ada']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /ada/);
    assert.equal((await admin.failure(['user', 'add', 'Not A Name'])).code, 2);
    assert.equal((await admin.failure(['user', 'add', 'bob', '--role', 'king'])).code, 2);
    assert.equal((await admin.failure(['user', 'show', 'nobody'])).code, 1);

    await admin.broker.json(['user', 'add', 'grace']);
    await admin.broker.json(['group', 'add', 'eng', 'grace']);
    assert.deepEqual(await admin.rows('group', 'list'), [
      { name: 'eng', members: ['ada', 'grace'], managed_by: null, bundle: null, on_call: [] },
      { name: 'qa', members: ['ada'], managed_by: null, bundle: null, on_call: [] },
    ]);
    assert.deepEqual(await admin.broker.json(['group', 'members', 'qa']), {
      name: 'qa',
      members: ['ada'],
      managed_by: null,
      bundle: null,
      on_call: [],
    });
    await admin.broker.json(['group', 'add', 'empty']);
    const added = { name: 'empty', members: [], managed_by: null, bundle: null, on_call: [] };
    assert.deepEqual((await admin.rows('group', 'list'))[0], added);
    await admin.broker.json(['group', 'remove', 'empty']);
    assert.equal((await admin.failure(['group', 'members', 'empty'])).code, 1);
    assert.equal((await admin.failure(['group', 'add', 'eng', 'nobody'])).code, 1);
    await admin.broker.json(['group', 'remove', 'eng', 'grace']);
    assert.deepEqual((await admin.rows('user', 'list')).find((user) => user['name'] === 'grace')?.['groups'], []);
  });

  test('take the rules that name them along when they are removed, and the receipt names these', async () => {
    await admin.broker.json(['user', 'add', 'joan']);
    const add = async (...who: string[]): Promise<string> =>
      String(Object(await admin.broker.json(['rule', 'add', '--allow', '--who', ...who, '--what', 'github__*']))['id']);
    const [own, shared] = [await add('user:joan'), await add('user:joan', 'group:eng')];
    const { stdout } = await admin.broker.run(['user', 'remove', 'joan']);
    assert.ok(stdout.includes(`rule ${own} is removed`) && stdout.includes(`rule ${shared} holds on`), stdout);
    await admin.broker.json(['user', 'add', 'joan']);
    const { code } = await admin.broker.run(['rule', 'test', '--who', 'user:joan', '--what', 'github__list']);
    assert.equal(code, 1, 'the next of that name is somebody else, and may not');
    await admin.broker.json(['rule', 'remove', shared]);
    await admin.broker.json(['user', 'remove', 'joan']);
  });

  test('are given another role, and no king', async () => {
    assert.equal(Object(await admin.broker.json(['user', 'set-role', 'ada', 'operator']))['role'], 'operator');
    assert.equal((await admin.failure(['user', 'set-role', 'ada', 'king'])).code, 2);
    assert.equal(Object(await admin.broker.json(['user', 'set-role', 'ada', 'member']))['role'], 'member');
  });

  test('get a one-time link for their password', async () => {
    const { stdout } = await admin.broker.run(['user', 'link', 'ada']);
    assert.match(stdout, /^http:\S+\/link\?\S+\n$/);
    assert.equal((await fetch(stdout.trim())).status, 200);
  });

  test('are disabled with a receipt, as the contract names its fields, and enabled again', async () => {
    const receipt = await admin.broker.json(['user', 'disable', 'ada']);
    assert.deepEqual(keysOf(receipt), RECEIPT_KEYS);
    assert.equal(Object(receipt)['subject'], 'user:ada');
    assert.equal(Object(await admin.broker.json(['user', 'enable', 'ada']))['disabled'], false);
    const ofGroup = Object(await admin.broker.json(['group', 'disable', 'qa']));
    assert.deepEqual([keysOf(ofGroup), ofGroup['subject']], [keysOf(receipt), 'group:qa']);
    assert.equal(Object(await admin.broker.json(['user', 'enable', 'ada']))['disabled_at'], null);
  });
});

describe('logins', () => {
  test('of somebody who is not there are no empty list', async () => {
    for (const what of ['device', 'session'] as const)
      assert.match((await admin.failure([what, 'list', '--user', 'nobody'])).stderr, /no user "nobody"/);
  });

  test('are approved by code on a host without a browser; the device is listed and revoked', async () => {
    const body = new URLSearchParams({
      client_id: 'mcpgate-cli',
      scope: 'openid offline_access',
      device_name: 'laptop',
      device_platform: 'linux',
    });
    const started = Object(
      await (await fetch(`${admin.broker.url}/oauth/device_authorization`, { method: 'POST', body })).json(),
    );
    const typed = String(started['user_code']).toLowerCase().replace('-', '');
    const device = Object(await admin.broker.json(['login', 'approve', typed, '--as', 'ada']));
    assert.deepEqual([device['name'], device['user'], device['platform']], ['laptop', 'ada', 'linux']);
    assert.equal((await admin.failure(['login', 'approve', typed, '--as', 'ada'])).code, 1);
    assert.equal((await admin.failure(['login', 'approve', 'AAAA-AAAA', '--as', 'ada'])).code, 1);
    assert.deepEqual(
      (await admin.rows('device', 'list', '--user', 'ada')).map((each) => each['id']),
      [device['id']],
    );
    const receipt = await admin.broker.json(['device', 'revoke', String(device['id'])]);
    assert.equal(Object(receipt)['subject'], `device:${String(device['id'])}`);
    assert.notEqual((await admin.rows('device', 'list'))[0]?.['revoked_at'], null);
    assert.ok(Array.isArray(await admin.broker.json(['session', 'list'])));
  });
});
