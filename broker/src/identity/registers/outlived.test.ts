// What refers to a person or a moment ends with it: the set-up link with the first administrator, a rule with the person that it names, a
// grant's word "active" with its owner's access.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../fixtures/identity-world.ts';

const VISITOR = { address: '127.0.0.1', userAgent: 'test' };
const FORM = { name: 'mallory', password: 'correct horse battery', repeat: 'correct horse battery' };

suite('what refers to somebody ends with the reason for it', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld();
  });
  after(() => world.close());

  const setUpToken = async (): Promise<string> => {
    const link = await world.identity.setupLink(WORKSPACE);
    assert.ok(link !== undefined, 'nobody is an administrator yet');
    return new URL(link.url).searchParams.get('token') ?? '';
  };
  const stillWorks = async (token: string): Promise<string> => {
    assert.equal(
      (await world.identity.web.peekLink('setup', token)) === undefined,
      (await world.identity.web.setup(token, { ...FORM, name: '' }, VISITOR)).kind === 'gone',
      'the page and its form say the same',
    );
    return (await world.identity.web.peekLink('setup', token)) === undefined ? 'gone' : 'works';
  };

  for (const [way, makeAdministrator] of [
    ['is added as one', () => world.identity.users.add(WORKSPACE, { name: 'boss', role: 'admin' }, HOST)],
    ['is given the role', () => world.identity.users.setRole(WORKSPACE, 'worker', 'admin', HOST)],
    ['is enabled again', () => world.identity.users.enable(WORKSPACE, 'sleeper', HOST)],
  ] as const) {
    test(`the set-up link dies when the first administrator ${way}, and stays dead when that one is gone`, async () => {
      const { users } = world.identity;
      const made: string[] = [];
      const add = async (name: string, role: 'admin' | 'member') => {
        await users.add(WORKSPACE, { name, role }, HOST);
        made.push(name);
      };
      await add('worker', 'member');
      await add('sleeper', 'admin');
      await users.disable(WORKSPACE, 'sleeper', HOST);
      const token = await setUpToken();
      await users.setRole(WORKSPACE, 'worker', 'operator', HOST);
      assert.equal(await stillWorks(token), 'works', 'an operator is no administrator');
      const { name } = await makeAdministrator();
      assert.equal(await stillWorks(token), 'gone');
      await users.disable(WORKSPACE, name, HOST);
      assert.equal(await stillWorks(token), 'gone');
      for (const each of new Set([...made, name])) await users.remove(WORKSPACE, each, HOST);
    });
  }

  test('a rule falls with the person whom it names: the next person of that name gets nothing by it', async () => {
    const { users } = world.identity;
    const { policy } = world.store;
    const addRule = (effect: 'allow' | 'deny', who: string[]) =>
      policy.addRule(WORKSPACE, { effect, who, what: ['github__*'], createdBy: 'test' });
    await users.add(WORKSPACE, { name: 'bob' }, HOST);
    const own = await addRule('allow', ['user:bob']);
    const shared = await addRule('allow', ['user:bob', 'user:bobby', 'group:eng']);
    const twice = await addRule('deny', ['user:bob', 'user:bob']);
    const glob = await addRule('allow', ['user:bo*']);
    const { version } = await policy.snapshot(WORKSPACE);

    const receipt = await users.remove(WORKSPACE, 'bob', HOST);
    assert.deepEqual(receipt.rules_removed, [own.id, twice.id]);
    assert.deepEqual(receipt.rules_narrowed, [shared.id]);
    const [event] = await world.events('user.removed');
    assert.deepEqual(event?.data['rules_removed'], [own.id, twice.id]);
    assert.deepEqual(event?.data['rules_narrowed'], [shared.id]);

    const after = await policy.snapshot(WORKSPACE);
    assert.ok(after.version > version, 'whoever holds the rules reads them again');
    assert.deepEqual(
      after.rules.map(({ id, who }) => [id, who]),
      [
        [shared.id, ['user:bobby', 'group:eng']],
        [glob.id, ['user:bo*']],
      ],
    );
    for (const { id } of after.rules) await policy.removeRule(WORKSPACE, id);
  });

  test('removing a person leaves the rules of other workspaces, and disabling one leaves all rules', async () => {
    const { users } = world.identity;
    const { policy, workspaces } = world.store;
    await workspaces.add('team-b');
    const rule = { effect: 'allow', who: ['user:carol'], what: ['*'], createdBy: 'test' } as const;
    const elsewhere = await policy.addRule('team-b', rule);
    const here = await policy.addRule(WORKSPACE, rule);
    await users.add(WORKSPACE, { name: 'carol' }, HOST);
    const disabled = await users.disable(WORKSPACE, 'carol', HOST);
    assert.deepEqual([disabled.rules_removed, disabled.rules_narrowed], [[], []]);
    assert.deepEqual((await users.remove(WORKSPACE, 'carol', HOST)).rules_removed, [here.id]);
    assert.deepEqual(
      (await policy.snapshot('team-b')).rules.map(({ id }) => id),
      [elsewhere.id],
    );
  });

  test('a grant of a disabled person is shown as suspended, wherever it is shown, and keeps its label', async () => {
    const { users, grants } = world.identity;
    await users.add(WORKSPACE, { name: 'dora' }, HOST);
    const input = { label: 'nightly', servers: ['github'], user: 'dora' };
    const { grant } = await grants.issue(WORKSPACE, input, HOST);
    const states = async () => [
      (await grants.list(WORKSPACE)).find(({ id }) => id === grant.id)?.state,
      (await users.show(WORKSPACE, 'dora')).grants.find(({ id }) => id === grant.id)?.state,
    ];
    assert.deepEqual(await states(), ['active', 'active']);
    await users.disable(WORKSPACE, 'dora', HOST);
    assert.deepEqual(await states(), ['suspended', 'suspended']);
    await assert.rejects(grants.issue(WORKSPACE, { label: 'nightly', servers: ['github'] }, HOST), {
      code: 'conflict',
    });
    await users.enable(WORKSPACE, 'dora', HOST);
    assert.deepEqual(await states(), ['active', 'active']);
    await grants.revoke(WORKSPACE, grant.id, HOST);
    await users.disable(WORKSPACE, 'dora', HOST);
    assert.deepEqual(await states(), ['revoked', 'revoked'], 'what has ended for good has not just been interrupted');
  });
});
