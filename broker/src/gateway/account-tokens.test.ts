// Servers that people use with accounts by OAuth, as the servers and their authorization server see it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../../test/world/until.ts';
import { textOf } from './fixtures/gateway-world.ts';
import { BY_HAND, startOAuthWorld } from './fixtures/oauth-world.ts';

const HOUR_MS = 3_600_000;

describe('a server that each person uses with an account by OAuth', () => {
  it('sees the token of who asks, and of nobody else; without one nothing is sent', async (t) => {
    const world = await startOAuthWorld(t);
    const [grace, linus] = [await world.connected('grace'), await world.connected('linus')];
    const nobody = await world.person('nobody');
    assert.equal(world.upstream.registered, 1, 'the broker registers once');
    assert.deepEqual(new Set(world.upstream.asked.map(({ resource }) => resource)), new Set([world.upstream.url]));

    const clients = [grace, linus].map((person) => ({ name: person.user.name, client: world.connect(person) }));
    for (const { name, client } of [...clients, ...clients]) {
      const said = textOf(await client.call('web__whoami'));
      assert.equal(said, `${name} with ***`, 'and what it says of the token is hidden');
    }
    const before = world.upstream.received.length;
    assert.match(textOf(await world.connect(nobody).call('web__whoami')), /account of your own: connect it at/);
    assert.equal(world.upstream.received.length, before);
    for (const { person, token } of world.upstream.received)
      assert.ok(token === '' || token.startsWith(`at-${person}-`), `${person} with ${token}`);
    assert.deepEqual(
      world.upstream.received.flatMap(({ person, tool }) => (tool === undefined ? [] : [person])),
      ['grace', 'linus', 'grace', 'linus'],
    );
    await world.audit.flush();
    const events = await world.audit.searchEvents({ workspaceId: 'default', limit: 100 });
    assert.ok(events.some(({ type }) => type === 'account.connected'));
    assert.ok(!/[ar]t-(?:grace|linus)/.test(JSON.stringify(events)), 'the log holds none');
  });

  it('is called with a fresh token where the one before is refused, once for all that are under way', async (t) => {
    const world = await startOAuthWorld(t);
    const client = world.connect(await world.connected('grace'));
    await client.call('web__whoami');
    world.pass(HOUR_MS / 2);
    world.upstream.endAccess();
    const texts = (await Promise.all(Array.from({ length: 8 }, () => client.call('web__whoami')))).map(textOf);
    assert.deepEqual(new Set(texts), new Set(['grace with ***']));
    const refreshes = world.upstream.asked.filter(({ kind }) => kind === 'refresh');
    assert.deepEqual([refreshes.length, world.upstream.reuses], [1, 0]);
    assert.deepEqual(refreshes[0]?.resource, world.upstream.url);
  });

  it('is refreshed ahead of the end, while calls go on with what there is', async (t) => {
    const world = await startOAuthWorld(t);
    const client = world.connect(await world.connected('grace'));
    await client.call('web__whoami');
    world.pass(HOUR_MS - 30_000);
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
    await until('it was refreshed', () => world.upstream.asked.some(({ kind }) => kind === 'refresh') || undefined);
    await until('the fresh one is used', async () => {
      await client.call('web__whoami');
      return (
        new Set(world.upstream.received.flatMap(({ tool, token }) => (tool === undefined ? [] : [token]))).size === 2 ||
        undefined
      );
    });
    assert.equal(world.upstream.asked.filter(({ kind }) => kind === 'refresh').length, 1);
  });

  it('is used with what there is while its provider is away, and fails closed once that has ended; then it goes on', async (t) => {
    const world = await startOAuthWorld(t);
    const grace = await world.connected('grace');
    const client = world.connect(grace);
    await client.call('web__whoami');
    let asked = 0;
    world.upstream.atToken = (_request, response) => {
      asked += 1;
      response.writeHead(503).end();
      return true;
    };
    world.pass(HOUR_MS - 30_000);
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
    await until('it was asked', () => asked > 0 || undefined);
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
    world.pass(60_000);
    const before = world.upstream.received.length;
    assert.match(
      textOf(await client.call('web__whoami')),
      /127\.0\.0\.1:\d+.*HTTP 503.*nothing was sent, try again in \d+ s/,
    );
    assert.equal(world.upstream.received.length, before);
    world.upstream.atToken = undefined;
    world.pass(120_000);
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
    assert.equal(world.upstream.reuses, 0);
  });

  it('asks the one person to connect again whose access was taken away, and nobody else', async (t) => {
    const world = await startOAuthWorld(t);
    const [grace, linus] = [await world.connected('grace'), await world.connected('linus')];
    const [hers, his] = [world.connect(grace), world.connect(linus)];
    for (const client of [hers, his]) await client.call('web__whoami');
    world.pass(HOUR_MS / 2);
    world.upstream.endLogins('grace');
    assert.match(textOf(await hers.call('web__whoami')), /server web takes your account no more: connect it again at/);
    assert.match(textOf(await his.call('web__whoami')), /^linus/);
    const web = world.serverNamed('web');
    assert.deepEqual(
      [await world.accounts.lackOf(web, grace.owner), await world.accounts.lackOf(web, linus.owner)],
      ['expired', undefined],
    );
    const asked = world.upstream.asked.length;
    assert.match(textOf(await hers.call('web__whoami')), /connect it again/);
    assert.equal(world.upstream.asked.length, asked, 'its refresh token is not tried any more');
    assert.equal((await world.logIn(grace.owner, 'grace')).kind, 'connected');
    assert.match(textOf(await hers.call('web__whoami')), /^grace/);
  });

  it('asks again where a token without a refresh token was ended behind the broker’s back, and shows it as ended', async (t) => {
    const world = await startOAuthWorld(t);
    world.upstream.givesRefreshTokens = false;
    const grace = await world.connected('grace');
    const client = world.connect(grace);
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
    world.pass(60_000);
    world.upstream.endLogins('grace');
    assert.match(
      textOf(await client.call('web__whoami')),
      /server web takes your account no more: connect it again at/,
    );
    assert.equal(await world.accounts.lackOf(world.serverNamed('web'), grace.owner), 'expired');
    const received = world.upstream.received.length;
    assert.match(textOf(await client.call('web__whoami')), /connect it again/);
    assert.equal(world.upstream.received.length, received, 'what was refused is not sent again');
    assert.equal((await world.logIn(grace.owner, 'grace')).kind, 'connected');
    assert.equal(textOf(await client.call('web__whoami')), 'grace with ***');
  });

  it('is asked for more rights where it wants them, besides those that there are', async (t) => {
    const world = await startOAuthWorld(t);
    const grace = await world.connected('grace');
    const client = world.connect(grace);
    await client.call('web__whoami');
    world.upstream.neededScope = 'write';
    assert.match(textOf(await client.call('web__whoami')), /wants more rights than your account has: allow them at/);
    assert.equal(await world.accounts.lackOf(world.serverNamed('web'), grace.owner), 'more_scopes');
    const { url } = await world.accounts.begin(world.serverNamed('web'), grace.owner, undefined);
    assert.deepEqual(new URL(url).searchParams.get('scope')?.split(' ').toSorted(), ['read', 'write']);
    assert.equal((await world.logIn(grace.owner, 'grace')).kind, 'connected');
    assert.match(textOf(await client.call('web__whoami')), /^grace/);
    assert.equal(await world.accounts.lackOf(world.serverNamed('web'), grace.owner), undefined);
  });

  it('is not reached any more by whoever disconnects, and the provider is told', async (t) => {
    const world = await startOAuthWorld(t);
    const grace = await world.connected('grace');
    const client = world.connect(grace);
    await client.call('web__whoami');
    const ended = await world.accounts.disconnect(world.serverNamed('web'), grace.owner, BY_HAND);
    assert.deepEqual([ended?.revoked, ended?.why], [true, null]);
    assert.deepEqual(
      world.upstream.revoked.map((token) => token.slice(0, 8)),
      ['rt-grace', 'at-grace'],
    );
    assert.match(textOf(await client.call('web__whoami')), /connect it at/);
  });

  it('is told also of tokens that were being fetched when their account was ended', async (t) => {
    const world = await startOAuthWorld(t);
    const grace = await world.connected('grace');
    const client = world.connect(grace);
    await client.call('web__whoami');
    world.upstream.onRefreshed = async () =>
      void (await world.accounts.disconnect(world.serverNamed('web'), grace.owner, BY_HAND));
    world.pass(HOUR_MS);
    assert.match(textOf(await client.call('web__whoami')), /connect it at/);
    const revoked = new Set(world.upstream.revoked);
    assert.equal(revoked.size, 4, 'what was there, and what was fetched');
  });

  it('is used by everybody as one where its account is shared, and an administrator is named where there is none', async (t) => {
    const world = await startOAuthWorld(t, { credential: 'shared' });
    const client = world.connect(await world.person('grace'));
    assert.match(
      textOf(await client.call('web__whoami')),
      /an administrator connects it with "mcpgate-broker server connect web"/,
    );
    assert.equal((await world.logIn('shared', 'robot')).kind, 'connected');
    assert.equal(textOf(await client.call('web__whoami')), 'robot with ***');
  });
});
