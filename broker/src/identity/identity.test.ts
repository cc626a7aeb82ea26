import assert from 'node:assert/strict';
import { after, afterEach, before, mock, suite, test } from 'node:test';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from './fixtures/identity-world.ts';
import { createToken, isToken } from '../store/secret-token.ts';

suite('people, grants and the door', () => {
  let world: IdentityWorld;
  let count = 0;
  const name = (): string => `name${++count}`;
  before(async () => {
    world = await createIdentityWorld();
  });
  after(() => world.close());
  afterEach(() => mock.timers.reset());

  const reasonOf = async (token: string | undefined, audience: 'tunnel' | 'mcp' | 'api' = 'tunnel') => {
    const answer = await world.identity.authenticate(token, audience);
    return answer.kind === 'ok' ? 'ok' : answer.reason;
  };

  test('people are added with role and groups, never shown with a hash, and each name once', async () => {
    const { users } = world.identity;
    const ada = name();
    const person = await users.add(
      WORKSPACE,
      { name: ada, email: 'ada@example.com', role: 'operator', groups: ['dev', 'ops'] },
      HOST,
    );
    assert.deepEqual(
      [person.role, [...person.groups].toSorted(), person.hasPassword],
      ['operator', ['dev', 'ops'], false],
    );
    assert.ok(!('passwordHash' in person));
    await assert.rejects(users.add(WORKSPACE, { name: ada }, HOST), { code: 'conflict' });
    assert.deepEqual((await users.setGroups(WORKSPACE, ada, ['sec'], HOST)).groups, ['sec']);
    const [event] = (await world.events('user.added')).filter(({ subject }) => subject === `user:${ada}`);
    assert.equal(event?.actor, 'host:root');
  });

  test('names, mail addresses and groups that do not fit are refused with what would', async () => {
    const { users } = world.identity;
    for (const bad of ['', 'Ada', '-ada', 'a b', 'a'.repeat(65), '../ada'])
      await assert.rejects(users.add(WORKSPACE, { name: bad }, HOST), {
        code: 'usage',
        message: /user name is 1 to 64/,
      });
    await assert.rejects(users.add(WORKSPACE, { name: name(), email: 'no address' }, HOST), { code: 'usage' });
    await assert.rejects(users.add(WORKSPACE, { name: name(), groups: ['Bad Group'] }, HOST), { code: 'usage' });
    await assert.rejects(users.disable(WORKSPACE, 'nobody', HOST), { code: 'not_found', message: /user list/ });
  });

  test('a grant acts for its person, cut to its servers, until it is revoked', async () => {
    const user = name();
    await world.identity.users.add(WORKSPACE, { name: user }, HOST);
    const { grant, token } = await world.identity.grants.issue(
      WORKSPACE,
      { label: `ci-${user}`, servers: ['github'], user },
      HOST,
    );
    assert.match(token, /^mcg_[0-9A-Za-z]{33}$/);
    const answer = await world.identity.authenticate(token, 'tunnel');
    assert.ok(answer.kind === 'ok');
    assert.deepEqual(answer.principal.servers, ['github']);
    assert.equal(answer.principal.user?.name, user);
    assert.deepEqual(answer.principal.credential, { kind: 'grant', id: grant.id, label: `ci-${user}` });
    assert.equal(await reasonOf(token, 'mcp'), 'ok');
    assert.equal(await reasonOf(token, 'api'), 'wrong_audience');

    await world.identity.users.disable(WORKSPACE, user, HOST);
    const suspended = await world.identity.authenticate(token, 'tunnel');
    assert.ok(suspended.kind === 'rejected' && suspended.reason === 'revoked');
    assert.match(suspended.message, /account .* is suspended or was removed; ask your platform team/);
    await world.identity.users.enable(WORKSPACE, user, HOST);

    const order: string[] = [];
    const stop = world.identity.onRevoked(async ({ kind, id }) => {
      order.push(`${kind}:${id}:${await reasonOf(token)}`);
      return { linksClosed: 2, callsCancelled: 3 };
    });
    const receipt = await world.identity.grants.revoke(WORKSPACE, `ci-${user}`, HOST);
    stop();
    assert.deepEqual(order, [`grant:${grant.id}:revoked`], 'the change holds before listeners hear of it');
    const { subject, links_closed, calls_cancelled, tokens_revoked } = receipt;
    assert.deepEqual(
      { subject, links_closed, calls_cancelled, tokens_revoked },
      { subject: `grant:ci-${user}`, links_closed: 2, calls_cancelled: 3, tokens_revoked: 1 },
    );
    assert.equal(await reasonOf(token), 'revoked');
    const [listed] = (await world.identity.grants.list(WORKSPACE)).filter(({ id }) => id === grant.id);
    assert.equal(listed?.state, 'revoked');
    assert.ok(!JSON.stringify(listed).includes('Hash'));
    assert.ok(!world.databaseText().includes(token));
  });

  test("a disabled person's grants are refused, and work again once the person is enabled", async () => {
    const user = name();
    await world.identity.users.add(WORKSPACE, { name: user }, HOST);
    const { token } = await world.identity.grants.issue(WORKSPACE, { label: user, servers: ['github'], user }, HOST);
    await world.identity.users.disable(WORKSPACE, user, HOST);
    assert.equal(await reasonOf(token), 'revoked');
    await world.identity.users.enable(WORKSPACE, user, HOST);
    assert.equal(await reasonOf(token), 'ok');
  });

  test('a grant is revoked by its label, also once it has ended, and no label stands before the id that it imitates', async () => {
    const { grants } = world.identity;
    const label = name();
    const first = await grants.issue(WORKSPACE, { label, servers: ['github'] }, HOST);
    const decoy = await grants.issue(WORKSPACE, { label: first.grant.id, servers: ['github'] }, HOST);
    assert.equal((await grants.revoke(WORKSPACE, first.grant.id, HOST)).subject, `grant:${label}`);
    assert.deepEqual([await reasonOf(first.token), await reasonOf(decoy.token)], ['revoked', 'ok']);
    assert.equal((await grants.revoke(WORKSPACE, label, HOST)).tokens_revoked, 0, 'again: again a receipt');
    const second = await grants.issue(WORKSPACE, { label, servers: ['github'] }, HOST);
    assert.equal((await grants.revoke(WORKSPACE, label, HOST)).tokens_revoked, 1);
    assert.equal(await reasonOf(second.token), 'revoked');
  });

  test('the receipt for a disabled person names the tokens that the person had issued and that work on', async () => {
    const { users, grants, adminTokens, groups } = world.identity;
    const [user, other, place] = [name(), name(), `w-${name().slice(-8)}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, '')];
    for (const each of [user, other]) await users.add(WORKSPACE, { name: each, groups: ['leaving'] }, HOST);
    await world.store.workspaces.add(place);
    const [self, elsewhere] = [
      { ...HOST, name: user },
      { ...HOST, name: `${user}@${WORKSPACE}` },
    ];
    const label = (what: string): string => `${user}-${what}`;
    const servers = ['github'];
    const { token } = await grants.issue(WORKSPACE, { label: label('ci'), servers }, self);
    await grants.issue(WORKSPACE, { label: label('own'), servers, user }, self);
    await grants.issue(WORKSPACE, { label: label('others'), servers, user: other }, self);
    await grants.issue(WORKSPACE, { label: label('over'), servers }, self);
    await grants.revoke(WORKSPACE, label('over'), HOST);
    await grants.issue(WORKSPACE, { label: label('by-host'), servers }, HOST);
    await adminTokens.issue(WORKSPACE, { label: label('api'), role: 'admin' }, self);
    await adminTokens.issue(place, { label: label('there'), role: 'admin' }, elsewhere);
    const all = [
      `grant:${label('ci')}`,
      `grant:${label('others')}`,
      `admin-token:${label('api')}`,
      `admin-token:${label('there')}@${place}`,
    ];
    assert.deepEqual((await users.disable(WORKSPACE, user, HOST)).still_active, all);
    assert.equal(await reasonOf(token), 'ok', 'what others may depend on is not ended unasked');
    const [event] = await world.events('user.disabled');
    assert.deepEqual(event?.data['still_active'], all);
    assert.deepEqual((await groups.disable(WORKSPACE, 'leaving', HOST)).still_active, all);
    await adminTokens.revoke(WORKSPACE, label('api'), HOST);
    assert.deepEqual((await users.remove(WORKSPACE, user, HOST)).still_active, all.toSpliced(2, 1));
  });

  test('a grant without a person is a principal of its own, and ends when it expires', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const label = name();
    const { token } = await world.identity.grants.issue(
      WORKSPACE,
      { label, servers: ['github'], expiresAt: Date.now() + 1000 },
      HOST,
    );
    const answer = await world.identity.authenticate(token, 'mcp');
    assert.ok(answer.kind === 'ok' && answer.principal.user === undefined);
    mock.timers.tick(1000);
    const late = await world.identity.authenticate(token, 'mcp');
    assert.match(late.kind === 'ok' ? '' : `${late.reason}: ${late.message}`, /^expired: this grant has expired; ask/);
    const twice = { label, servers: ['github', 'github'] };
    assert.deepEqual((await world.identity.grants.issue(WORKSPACE, twice, HOST)).grant.servers, ['github']);
    await assert.rejects(world.identity.grants.issue(WORKSPACE, { label, servers: ['github'] }, HOST), {
      code: 'conflict',
    });
  });

  test('a grant that is bound to addresses is refused from any other, and where the address is not known', async () => {
    const allowFrom = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'];
    const { grant, token } = await world.identity.grants.issue(
      WORKSPACE,
      { label: name(), servers: ['a'], allowFrom },
      HOST,
    );
    assert.deepEqual(grant.allowFrom, allowFrom);
    const from = async (address?: string) => {
      const answer = await world.identity.authenticate(token, 'mcp', address);
      return answer.kind === 'ok' ? 'ok' : answer.reason;
    };
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '192.0.2.7'])
      assert.equal(await from(address), 'ok', address);
    for (const address of ['11.0.0.1', '2001:db9::1', '192.0.2.8', 'unknown', '', undefined])
      assert.equal(await from(address), 'wrong_address', address);
    await assert.rejects(
      world.identity.grants.issue(WORKSPACE, { label: name(), servers: ['a'], allowFrom: ['10.0.0.0/33'] }, HOST),
      { code: 'usage', message: /write an address or a range/ },
    );
  });

  test('grants that do not fit are refused', async () => {
    const { grants } = world.identity;
    await assert.rejects(grants.issue(WORKSPACE, { label: 'two words', servers: ['a'] }, HOST), { code: 'usage' });
    await assert.rejects(grants.issue(WORKSPACE, { label: name(), servers: [] }, HOST), {
      code: 'usage',
      message: /at least one server/,
    });
    await assert.rejects(grants.issue(WORKSPACE, { label: name(), servers: ['a'], user: 'nobody' }, HOST), {
      code: 'not_found',
    });
    await assert.rejects(grants.issue(WORKSPACE, { label: name(), servers: ['a'], expiresAt: 1 }, HOST), {
      code: 'usage',
    });
    await assert.rejects(grants.revoke(WORKSPACE, 'nothing', HOST), { code: 'not_found', message: /grant list/ });
  });

  test('no token, noise, and a grant with one letter changed are told apart from revoked ones', async () => {
    assert.equal(await reasonOf(undefined), 'missing');
    assert.equal(await reasonOf(''), 'missing');
    assert.equal(await reasonOf('nonsense'), 'unknown');
    assert.equal(await reasonOf('x'.repeat(10_000)), 'unknown');
    assert.equal(await reasonOf(createToken('mcg_')), 'unknown');
    const token = createToken('mcg_');
    assert.ok(isToken(token, 'mcg_'));
    const changed = token.slice(0, 10) + (token[10] === 'a' ? 'b' : 'a') + token.slice(11);
    assert.ok(!isToken(changed, 'mcg_'));
    assert.equal(await reasonOf(changed), 'mistyped');
    assert.equal(await reasonOf(createToken('mca_')), 'wrong_audience');
  });

  test('sessions show logins of devices and browsers, and ending one leaves the device known', async () => {
    const user = name();
    await world.identity.users.add(WORKSPACE, { name: user }, HOST);
    const { url } = await world.identity.users.link(WORKSPACE, user, HOST);
    const token = new URL(url).searchParams.get('token') ?? '';
    const password = 'seven quiet otters';
    const visitor = { address: '192.0.2.7', userAgent: 'Firefox' };
    const web = await world.identity.web.setPassword(token, { password, repeat: password }, visitor);
    assert.ok(web.kind === 'ok');
    const { laptop, tokens, deviceId } = await world.logIn(user);
    const sessions = await world.identity.sessions.list(WORKSPACE, { user });
    assert.deepEqual(
      sessions.map(({ kind, label, address }) => [kind, label, address]),
      [
        ['device', 'ada-laptop', '127.0.0.1'],
        ['web', 'Firefox', '192.0.2.7'],
      ],
    );
    const days = (sessions[0]?.expiresAt ?? 0) - Date.now();
    assert.ok(days > 29 * 86_400_000 && days <= 30 * 86_400_000, 'as long as its refresh token');
    for (const { id } of sessions) await world.identity.sessions.end(WORKSPACE, id, HOST);
    assert.deepEqual(await world.identity.sessions.list(WORKSPACE, { user }), []);
    assert.equal(await world.identity.web.session(web.token), undefined);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    await assert.rejects(world.identity.sessions.end(WORKSPACE, deviceId, HOST), { code: 'not_found' });
    const [device] = await world.identity.devices.list(WORKSPACE, { user });
    assert.deepEqual([device?.id, device?.revokedAt], [deviceId, null]);
  });

  test('removing a person ends and removes everything of theirs', async () => {
    const user = name();
    await world.identity.users.add(WORKSPACE, { name: user }, HOST);
    const { laptop, tokens } = await world.logIn(user);
    const { token } = await world.identity.grants.issue(WORKSPACE, { label: user, servers: ['a'], user }, HOST);
    const receipt = await world.identity.users.remove(WORKSPACE, user, HOST);
    assert.equal(receipt.tokens_revoked, 2);
    assert.equal((await laptop.refresh(tokens.refresh_token)).error, 'invalid_grant');
    assert.notEqual(await reasonOf(token), 'ok');
    await assert.rejects(world.identity.devices.list(WORKSPACE, { user }), { code: 'not_found' });
    assert.ok((await world.identity.devices.list(WORKSPACE)).every((device) => device.user !== ''));
    await assert.rejects(world.identity.users.show(WORKSPACE, user), { code: 'not_found' });
  });

  test('a listener that fails does not keep the others from ending their links, and is not passed over', async () => {
    const user = name();
    await world.identity.users.add(WORKSPACE, { name: user }, HOST);
    let closed = 0;
    const stops = [
      world.identity.onRevoked(async () => Promise.reject(new Error('the link hangs'))),
      world.identity.onRevoked(async () => ({ linksClosed: ++closed, callsCancelled: 0 })),
    ];
    await assert.rejects(world.identity.users.disable(WORKSPACE, user, HOST), {
      code: 'internal',
      message: /could not be closed/,
    });
    for (const stop of stops) stop();
    assert.equal(closed, 1);
    assert.notEqual((await world.identity.users.show(WORKSPACE, user)).disabledAt, null);
    assert.equal(
      (await world.events('user.disabled')).some(({ subject }) => subject === `user:${user}`),
      true,
    );
  });
});
