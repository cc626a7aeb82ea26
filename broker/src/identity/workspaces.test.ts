// People of the same name in two workspaces: each logs in to their own, and nothing of one is the other's.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createIdentityWorld, HOST, type IdentityWorld } from './fixtures/identity-world.ts';

const VISITOR = { address: '192.0.2.7', userAgent: 'test' };
const PASSWORDS = { a: 'the password of ada in a', b: 'the password of ada in b' } as const;

describe('people of the same name in two workspaces', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld();
    for (const workspace of ['a', 'b'] as const) {
      await world.store.workspaces.add(workspace);
      await world.identity.users.add(workspace, { name: 'ada' }, HOST);
      const { url } = await world.identity.users.link(workspace, 'ada', HOST);
      const token = new URL(url).searchParams.get('token') ?? '';
      const form = { password: PASSWORDS[workspace], repeat: PASSWORDS[workspace] };
      assert.equal((await world.identity.web.setPassword(token, form, VISITOR)).kind, 'ok');
    }
  });
  after(() => world.close());

  const signIn = async (workspace: 'a' | 'b') => {
    const login = await world.identity.web.login('ada', PASSWORDS[workspace], VISITOR, workspace);
    assert.equal(login.kind, 'ok');
    return login.kind === 'ok' ? login.user : assert.fail();
  };
  const begin = async (workspace: string) => {
    const laptop = world.device(`laptop-of-${workspace}`);
    return { laptop, started: await laptop.start({ workspace }) };
  };

  it('sign in with the password of their own workspace only', async () => {
    const { web } = world.identity;
    assert.deepEqual([(await signIn('a')).workspaceId, (await signIn('b')).workspaceId], ['a', 'b']);
    for (const [password, workspace] of [
      [PASSWORDS.a, 'b'],
      [PASSWORDS.b, 'a'],
      [PASSWORDS.a, ''],
      [PASSWORDS.a, 'nowhere'],
    ] as const)
      assert.equal((await web.login('ada', password, VISITOR, workspace)).kind, 'refused', workspace);
    const failed = await world.audit.searchEvents({ workspaceId: 'b', type: 'login.failed', limit: 10 });
    assert.deepEqual(
      failed.map(({ subject }) => subject),
      ['user:ada'],
    );
  });

  it('let a device in where it asks to be, and nowhere else', async () => {
    const { web } = world.identity;
    const { laptop, started } = await begin('b');
    const code = started.user_code ?? '';
    assert.equal(
      started.verification_uri_complete,
      `${world.publicUrl}/device?user_code=${code}&workspace=b`,
      'its link leads to the sign-in there',
    );
    const [ofA, ofB] = [await signIn('a'), await signIn('b')];
    assert.deepEqual(await web.findDevice(code, ofA, VISITOR), { kind: 'elsewhere', workspace: 'b' });
    await assert.rejects(web.confirmDevice(code, ofA, VISITOR), {
      code: 'conflict',
      message: /asks for the workspace b/,
    });
    await assert.rejects(world.identity.approveDevice('a', code, 'ada', HOST), { code: 'conflict' });
    await web.denyDevice(code, ofA, VISITOR);
    assert.equal((await laptop.poll(started.device_code)).error, 'authorization_pending', 'still waits');

    assert.equal((await web.confirmDevice(code, ofB, VISITOR)).kind, 'ok');
    const tokens = await laptop.poll(started.device_code);
    const answer = await world.identity.authenticate(tokens.access_token, 'tunnel', VISITOR.address);
    assert.ok(answer.kind === 'ok');
    assert.deepEqual([answer.principal.workspaceId, answer.principal.user?.id], ['b', ofB.id]);
    const [, claims = ''] = (tokens.id_token ?? '').split('.');
    assert.equal(Object(JSON.parse(Buffer.from(claims, 'base64url').toString()))['workspace'], 'b');
    assert.deepEqual(await world.identity.devices.list('a'), []);
    assert.deepEqual(
      await world.identity.sessions
        .list('a', { user: 'ada' })
        .then((all) => all.filter(({ kind }) => kind === 'device')),
      [],
    );
    const deviceId = answer.principal.device?.id ?? '';
    await assert.rejects(world.identity.devices.revoke('a', deviceId, HOST), { code: 'not_found' });
    await assert.rejects(world.identity.sessions.end('a', deviceId, HOST), { code: 'not_found' });

    await world.identity.users.disable('a', 'ada', HOST);
    assert.equal((await world.identity.authenticate(tokens.access_token, 'tunnel', VISITOR.address)).kind, 'ok');
    await world.identity.users.enable('a', 'ada', HOST);
  });

  it('hold grants and administration tokens that work where they were issued', async () => {
    const { grants, adminTokens } = world.identity;
    for (const workspace of ['a', 'b'] as const) {
      const { token } = await grants.issue(
        workspace,
        { label: 'ci', servers: ['wiki'], allowFrom: [], expiresAt: null, user: 'ada' },
        HOST,
      );
      const answer = await world.identity.authenticate(token, 'mcp', VISITOR.address);
      assert.equal(answer.kind === 'ok' && answer.principal.workspaceId, workspace);
      const admin = await adminTokens.issue(workspace, { label: 'ci', role: 'admin', expiresAt: null }, HOST);
      const known = await adminTokens.authenticate(admin.token);
      assert.equal(known.kind === 'ok' && known.token.workspaceId, workspace);
    }
    await grants.revoke('a', 'ci', HOST);
    const state = async (workspace: string) => (await grants.list(workspace)).map((grant) => grant.state);
    assert.deepEqual([await state('a'), await state('b')], [['revoked'], ['active']]);
  });
});
