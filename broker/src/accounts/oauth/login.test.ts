// What comes back to the broker's callback, and what is made of it: an answer of another issuer, a refusal, one that is old or comes twice.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { BY_HAND, startOAuthWorld } from '../../gateway/fixtures/oauth-world.ts';

const callbackOf = (issuer: string) =>
  `https://broker.example/oauth/upstream/callback/${createHash('sha256').update(issuer).digest('hex').slice(0, 32)}`;

describe('an answer to a login at a server', () => {
  it('of another issuer than the one that was asked is refused, and no code is sent there', async (t) => {
    const world = await startOAuthWorld(t);
    const { user } = await world.person('grace');
    const owner = `user:${user.id}` as const;
    const web = world.serverNamed('web');
    const { url, browserSecret } = await world.accounts.begin(web, owner, undefined);
    const back = await world.visit(url, 'grace');
    back.searchParams.set('iss', 'https://evil.example');
    const finished = await world.accounts.finish(back, browserSecret, () => [owner], BY_HAND);
    assert.ok(finished.kind === 'refused' && /of another issuer than 127\.0\.0\.1:\d+, which/.test(finished.message));
    assert.equal(world.upstream.asked.length, 0);
    back.searchParams.delete('iss');
    const again = await world.accounts.finish(back, browserSecret, () => [owner], BY_HAND);
    assert.deepEqual(again, {
      kind: 'refused',
      message: 'It took too long, was finished already, or was begun in another browser.',
    });
    assert.equal(await world.accounts.lackOf(web, owner), 'missing');
  });

  it('is good for the browser and the owner that it was begun for, for a quarter of an hour, and names who it asks', async (t) => {
    const world = await startOAuthWorld(t);
    const { user } = await world.person('grace');
    const owner = `user:${user.id}` as const;
    const web = world.serverNamed('web');
    const begin = () => world.accounts.begin(web, owner, undefined);
    const first = await begin();
    const params = new URL(first.url).searchParams;
    assert.deepEqual(
      ['code_challenge_method', 'resource', 'redirect_uri', 'scope', 'response_type'].map((name) => params.get(name)),
      ['S256', world.upstream.url, callbackOf(`${world.upstream.issuer}/`), 'read', 'code'],
    );
    const back = await world.visit(first.url, 'grace');
    const other = await begin();
    for (const secret of [undefined, other.browserSecret, 'x'])
      assert.equal((await world.accounts.finish(back, secret, () => [owner], BY_HAND)).kind, 'refused');
    assert.equal(
      (await world.accounts.finish(back, first.browserSecret, () => ['user:other', 'shared'], BY_HAND)).kind,
      'refused',
    );

    const late = await world.visit(other.url, 'grace');
    world.pass(15 * 60_000);
    assert.equal((await world.accounts.finish(late, other.browserSecret, () => [owner], BY_HAND)).kind, 'refused');

    const denied = await begin();
    const state = new URL(denied.url).searchParams.get('state') ?? '';
    const no = new URL(`${params.get('redirect_uri') ?? ''}?error=access_denied&state=${state}`);
    const finished = await world.accounts.finish(no, denied.browserSecret, () => [owner], BY_HAND);
    assert.ok(finished.kind === 'refused' && /was told not to allow it/.test(finished.message));
    assert.equal(world.upstream.asked.length, 0, 'no code was sent');
    const good = await begin();
    const answer = await world.visit(good.url, 'grace');
    assert.equal((await world.accounts.finish(answer, good.browserSecret, () => [owner], BY_HAND)).kind, 'connected');
  });

  it('goes nowhere where the server was moved while its owner logged in, and nothing of it is kept', async (t) => {
    const world = await startOAuthWorld(t);
    const { user } = await world.person('grace');
    const owner = `user:${user.id}` as const;
    const web = world.serverNamed('web');
    const { url, browserSecret } = await world.accounts.begin(web, owner, undefined);
    const back = await world.visit(url, 'grace');
    const elsewhere = new URL(world.upstream.url);
    elsewhere.hostname = 'localhost';
    await world.store.servers.update(web.id, { transport: { kind: 'http', url: elsewhere.href, headers: {} } });
    const finished = await world.accounts.finish(back, browserSecret, () => [owner], BY_HAND);
    assert.ok(finished.kind === 'refused' && /was moved elsewhere meanwhile/.test(finished.message));
    assert.equal(world.upstream.asked.length, 0, 'no code was sent');
    assert.deepEqual(await world.store.accounts.ofServer(web.id), []);
  });

  it('whose person is disabled, or whose server is removed, while its code is redeemed is ended at its provider', async (t) => {
    const world = await startOAuthWorld(t);
    const web = world.serverNamed('web');
    const ends: Record<string, (userId: string) => Promise<unknown>> = {
      async grace(userId) {
        await world.store.users.setDisabled(userId, 1);
        await (
          await world.accounts.endOfPerson('default', userId)
        ).there;
      },
      linus: async () => world.store.servers.remove(web.id),
    };
    for (const [name, end] of Object.entries(ends)) {
      const { user } = await world.person(name);
      const owner = `user:${user.id}` as const;
      const { url, browserSecret } = await world.accounts.begin(web, owner, undefined);
      const back = await world.visit(url, name);
      world.upstream.revoked.length = 0;
      world.upstream.onRedeemed = async () => void (await end(user.id));
      const finished = await world.accounts.finish(back, browserSecret, () => [owner], BY_HAND);
      assert.ok(finished.kind === 'refused' && /nothing was kept/.test(finished.message), name);
      assert.deepEqual(
        world.upstream.revoked.map((token) => token.replace(/-\w{8}-.*/, '')),
        [`rt-${name}`, `at-${name}`],
      );
      assert.deepEqual(await world.store.accounts.ofServer(web.id), []);
    }
  });

  it('that comes back where another authorization server’s answers do is refused, and no code is sent', async (t) => {
    const world = await startOAuthWorld(t);
    const { user } = await world.person('grace');
    const owner = `user:${user.id}` as const;
    const web = world.serverNamed('web');
    for (const place of [callbackOf('https://other.example'), 'https://broker.example/oauth/upstream/callback']) {
      const { url, browserSecret } = await world.accounts.begin(web, owner, undefined);
      const back = await world.visit(url, 'grace');
      const mixedUp = new URL(`${place}${back.search}`);
      assert.equal((await world.accounts.finish(mixedUp, browserSecret, () => [owner], BY_HAND)).kind, 'refused');
    }
    assert.equal(world.upstream.asked.length, 0);
    const of = new URL(callbackOf('https://other.example')).pathname.split('/').at(-1) ?? '';
    const document = world.accounts.client.document(of);
    assert.deepEqual(document?.['redirect_uris'], [callbackOf('https://other.example')]);
    assert.equal(world.accounts.client.document('x'), undefined);
  });
});
