// Servers that each person uses with keys of their own, as the servers see it.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Actor } from '../domain/people/receipt.ts';
import { targetOf } from '../domain/transports/transports.ts';
import { startHttpUpstream } from '../upstreams/fixtures/http-upstream.ts';
import { fixtureServer } from '../upstreams/fixtures/pool.ts';
import { enteredAt, startWorld, textOf } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
afterEach(() => world.end());

const HOST: Actor = { name: 'host:root', address: null };
const KEYS = {
  kind: 'keys',
  fields: [
    { name: 'TOKEN', label: 'Your token', secret: true },
    { name: 'EMAIL', label: 'Your e-mail', secret: false },
  ],
} as const;
const PERSONAL = { credential: 'personal', account: KEYS } as const;
const keysOf = (name: string) => ({ TOKEN: `token-of-${name}-0123456789`, EMAIL: `${name}@example.com` });

describe('a server that each person uses with keys of their own', () => {
  it('starts for each with theirs, and hides what is secret of them', async () => {
    const transport = fixtureServer([], { TOKEN: '${account:TOKEN}', EMAIL: '${account:EMAIL}' });
    world = await startWorld({ fix: { transport, ...PERSONAL } });
    await world.rule('allow', '*', '*');
    const people = await Promise.all(['grace', 'linus'].map((name) => world.person(name)));
    for (const { user } of people) {
      const fix = world.serverNamed('fix');
      await world.accounts.setKeys(fix, `user:${user.id}`, enteredAt(fix, keysOf(user.name)), HOST);
    }
    for (const principal of people) {
      const { name } = principal.user;
      const { env } = JSON.parse(textOf(await world.connect(principal).call('fix__env'))) as { env: object };
      const { TOKEN, EMAIL } = env as Record<string, string>;
      assert.deepEqual([TOKEN, EMAIL], ['***', `${name}@example.com`]);
    }
    const homes = await world.homeNames('fix');
    assert.equal(homes.length, 2);
    const started = await Promise.all(homes.map((home) => world.receivedTexts('fix', home)));
    const tokens = started.map(([first = '{}']) => (JSON.parse(first) as { env: { TOKEN: string } }).env.TOKEN);
    assert.deepEqual(
      tokens.toSorted(),
      ['grace', 'linus'].map((name) => keysOf(name).TOKEN),
    );
  });

  it('is asked for nothing for whoever has none, who is told where to connect, and can call once that is done', async () => {
    const upstream = await startHttpUpstream();
    const headers = { 'X-Token': '${account:TOKEN}', 'X-Who': '${account:EMAIL}' };
    world = await startWorld({ web: { transport: { kind: 'http', url: upstream.url, headers }, ...PERSONAL } });
    await world.rule('allow', '*', '*');
    const [grace, linus] = [await world.person('grace'), await world.person('linus')];
    const server = world.serverNamed('web');
    await world.accounts.setKeys(server, `user:${grace.user.id}`, enteredAt(server, keysOf('grace')), HOST);
    assert.equal(textOf(await world.connect(grace).call('web__echo', { text: 'hers' })), 'hers');
    const before = upstream.received.length;

    const client = world.connect(linus);
    const refused = await client.call('web__echo', { text: 'his' });
    assert.equal(refused.result?.['isError'], true);
    assert.match(textOf(refused), /account of your own: connect it at https:\/\/broker\.example\/accounts\/web/);
    assert.deepEqual(refused.result?.['_meta'], { 'mcpgate/error': { code: 'account_needed', server: 'web' } });
    const machine = world.connect({ workspaceId: 'default', credential: { kind: 'grant', id: 'g', label: 'ci' } });
    assert.match(textOf(await machine.call('web__echo')), /this credential is no person's.*--user/);
    assert.equal(upstream.received.length, before, 'nothing was sent');
    assert.deepEqual(
      (await world.calls()).map(({ status, error_code, attempts }) => [status, error_code, attempts]).slice(1),
      [
        ['failed', 'account_needed', 0],
        ['failed', 'account_needed', 0],
      ],
    );

    await world.accounts.setKeys(server, `user:${linus.user.id}`, enteredAt(server, keysOf('linus')), HOST);
    assert.equal(textOf(await client.call('web__echo', { text: 'his' })), 'his');
    const whose = upstream.received
      .filter(({ message }) => message['method'] === 'tools/call')
      .map(({ headers }) => [headers['x-token'], headers['x-who']]);
    assert.deepEqual(
      whose,
      ['grace', 'linus'].map((name) => [keysOf(name).TOKEN, keysOf(name).EMAIL]),
    );
    await upstream.close();
  });

  it('is not called any more with keys that are replaced or ended, and moves nobody’s keys along elsewhere, those that are being entered included', async () => {
    const upstream = await startHttpUpstream();
    const transport = {
      kind: 'http',
      url: upstream.url,
      headers: { 'X-Token': '${account:TOKEN}${account:EMAIL}' },
    } as const;
    world = await startWorld({ web: { transport, ...PERSONAL } });
    await world.rule('allow', '*', '*');
    const grace = await world.person('grace');
    const owner = `user:${grace.user.id}` as const;
    const server = world.serverNamed('web');
    const client = world.connect(grace);
    const set = (TOKEN: string) =>
      world.accounts.setKeys(server, owner, enteredAt(server, { TOKEN, EMAIL: 'g' }), HOST);
    await set('first-0123456789');
    await client.call('web__echo');
    await set('second-0123456789');
    await client.call('web__echo');
    const used = upstream.received.filter(({ message }) => message['method'] === 'tools/call');
    assert.deepEqual(
      used.map(({ headers }) => headers['x-token']),
      ['first-0123456789g', 'second-0123456789g'],
    );

    const elsewhere = await startHttpUpstream();
    const url = elsewhere.url.replace('127.0.0.1', 'localhost');
    await world.store.servers.update(server.id, { transport: { ...transport, url } });
    await world.upstreams.reload();
    assert.match(textOf(await client.call('web__echo')), /connect it at/);
    assert.equal(elsewhere.received.length, 0);
    const moved = world.accounts.setKeys(world.serverNamed('web'), owner, enteredAt(server, keysOf('grace')), HOST);
    await assert.rejects(moved, { code: 'conflict' }, 'they were entered for where the server was');
    assert.equal(await world.accounts.lackOf(world.serverNamed('web'), owner), 'missing');
    await world.store.servers.update(server.id, { transport });
    await world.upstreams.reload();

    const ended = await world.accounts.disconnect(server, owner, HOST);
    assert.deepEqual([ended?.server, ended?.revoked], ['web', false]);
    assert.match(ended?.why ?? '', /forgotten here/);
    assert.match(textOf(await client.call('web__echo')), /connect it at/);
    assert.equal(await world.accounts.disconnect(server, owner, HOST), undefined);
    await Promise.all([upstream.close(), elsewhere.close()]);
  });

  it('takes the keys that it asks for, and says which is missing, unknown or no text, never a value', async () => {
    const transport = fixtureServer([], { TOKEN: '${account:TOKEN}', EMAIL: '${account:EMAIL}' });
    world = await startWorld({ fix: { transport, ...PERSONAL } });
    const { user } = await world.person('grace');
    const server = world.serverNamed('fix');
    const set = (values: Record<string, string>) =>
      world.accounts.setKeys(server, `user:${user.id}`, enteredAt(server, values), HOST);
    const cases: [Record<string, string>, string, RegExp][] = [
      [{ TOKEN: 'hush-hush' }, 'usage', /^Your e-mail \(EMAIL\) is missing$/],
      [{ TOKEN: ' ', EMAIL: 'g' }, 'usage', /^Your token \(TOKEN\) is missing$/],
      [{ TOKEN: 'hush-hush', EMAIL: 'g', OTHER: 'hush-hush' }, 'usage', /^server fix has no key OTHER$/],
      [{ TOKEN: 'hush\0hush', EMAIL: 'g' }, 'usage', /^Your token \(TOKEN\) is no text$/],
      [{ TOKEN: 'x'.repeat(70_000), EMAIL: 'g' }, 'too_large', /^Your token \(TOKEN\) is longer than 65536 bytes$/],
    ];
    for (const [values, code, message] of cases) await assert.rejects(set(values), { code, message });
    assert.equal(await world.accounts.lackOf(server, `user:${user.id}`), 'missing');
    await set(keysOf('grace'));
    assert.equal(await world.accounts.lackOf(server, `user:${user.id}`), undefined);
    const rows = await world.store.accounts.ofServer(server.id);
    assert.equal(rows.length, 1);
    assert.ok(!Buffer.from(rows[0]?.sealed ?? []).includes('token-of-grace'));
    await world.store.accounts.put({ ...(rows[0] ?? assert.fail()), target: targetOf(transport), owner: 'shared' });
    await assert.rejects(world.accounts.keys(server, 'shared'), { code: 'internal' }, 'sealed for its owner alone');
  });

  it('is tested up to where its account is needed, and by a person with theirs', async () => {
    const transport = fixtureServer([], { TOKEN: '${account:TOKEN}', EMAIL: '${account:EMAIL}' });
    world = await startWorld({ fix: { transport, ...PERSONAL } });
    const { user } = await world.person('grace');
    const server = world.serverNamed('fix');
    const steps = async (userKey?: string) =>
      (await world.upstreams.test(server, { userKey: userKey ?? null })).steps.map(({ step, ok }) => [step, ok]);
    assert.deepEqual(await steps(), [
      ['secrets', true],
      ['account', true],
    ]);
    assert.deepEqual(await steps(`user:${user.id}`), [['account', false]]);
    await world.accounts.setKeys(server, `user:${user.id}`, enteredAt(server, keysOf('grace')), HOST);
    assert.deepEqual((await steps(`user:${user.id}`)).slice(0, 4), [
      ['secrets', true],
      ['start', true],
      ['handshake', true],
      ['tools', true],
    ]);
  });
});
