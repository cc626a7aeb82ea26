// Tokens that say who asks, of several brokers over one database, and the keys that sign them: what is good when, and what never is.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import type { Store } from '../store/store.ts';
import { createVault } from '../vault/create-vault.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import { createAssertions } from './create-assertions.ts';

const ISSUER = 'https://broker.example';
const MINUTE_MS = 60_000;
const server = {
  ...{ id: 's1', name: 'own', workspaceId: 'default' },
  transport: { kind: 'http', url: 'https://own.example/mcp?key=${secret:x}', headers: {}, identityHeader: 'X-Who' },
} as const;

onBothEngines((open) => {
  async function world(t: Parameters<OpenStoreUnderTest>[0]) {
    const under = await open(t);
    under.clock.at = 1_800_000_000_000;
    const { clock, store } = under;
    const masterKey = loadMasterKey({ dataDir: under.dataDir });
    const brokerOver = async (over: Store) =>
      createAssertions({
        store: over,
        vault: await createVault({ store: over, masterKey, clock }),
        clock,
        issuer: ISSUER,
        tellsGroup: (group) => !group.startsWith('private-'),
      });
    const person = { workspaceId: 'default', name: 'grace', email: 'g@x.example', role: 'member' } as const;
    const { id: grace } = await store.users.create({ ...person, groups: ['navy'] });
    const first = await brokerOver(store);
    const second = await brokerOver(await under.reopen());
    return {
      ...{ clock, store, grace, first, second },
      async verified(token: string, by = second, audience = 'https://own.example/mcp') {
        const keys = createLocalJWKSet({ keys: [...(await by.keys.published()).keys] });
        const options = { issuer: ISSUER, audience, algorithms: ['ES256'], currentDate: new Date(clock.at) };
        return await jwtVerify(token, keys, options);
      },
      kids: async (of = second) => (await of.keys.published()).keys.map(({ kid }) => kid),
    };
  }
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;

  it('are signed by one more key where two brokers rotate at the same moment; the other is told so in words', async (t) => {
    const { first, second, kids } = await world(t);
    assert.deepEqual(await kids(), ['identity-1']);
    const outcomes = await Promise.allSettled([first, second].map(({ keys }) => keys.rotate({ atOnce: true })));
    const refusals = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    for (const { message } of refusals) assert.match(message, /^somebody else has rotated them at the same moment/);
    second.keys.changed();
    assert.equal((await kids()).length, 1);
  });

  it('say who it is, to one server, for two minutes; any broker over the database verifies them', async (t) => {
    const { clock, grace, first, second, verified } = await world(t);
    const [token, other] = [await first.tokenFor(server, grace), await second.tokenFor(server, grace)];
    assert.equal(kidOf(token), kidOf(other));
    const { payload } = await verified(token);
    const { jti, ...claims } = payload;
    const at = clock.at / 1000;
    assert.ok(typeof jti === 'string' && jti.length > 20);
    assert.deepEqual(claims, {
      ...{ iss: ISSUER, aud: 'https://own.example/mcp', sub: grace, iat: at, exp: at + 120 },
      ...{ preferred_username: 'grace', email: 'g@x.example', groups: ['navy'], workspace: 'default' },
    });
    await assert.rejects(verified(token, second, 'https://other.example/mcp'), {
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    });
    assert.equal(await first.tokenFor(server, grace), token, 'the same for half a minute');
    clock.at += 31_000;
    assert.notEqual(await first.tokenFor(server, grace), token);
    clock.at += 90_000;
    await assert.rejects(verified(token), { code: 'ERR_JWT_EXPIRED' });
  });

  it('name the groups that servers are told of, and of too many none, but that there are more', async (t) => {
    const { store, grace, first, verified } = await world(t);
    const claimsWith = async (groups: string[]) => {
      await store.users.setGroups(grace, groups);
      first.personChanged();
      const token = await first.tokenFor(server, grace);
      assert.ok(token.length < 7_000, `${token.length} characters`);
      const { groups: told, groups_overage: isMore } = (await verified(token)).payload;
      return { told, isMore };
    };
    const named = (count: number, name: string) => Array.from({ length: count }, (_, at) => `${name}${at + 100}`);
    assert.deepEqual(await claimsWith(['navy', 'private-one']), { told: ['navy'], isMore: undefined });
    const most = named(200, 'g');
    assert.deepEqual(await claimsWith([...most, ...named(50, 'private-')]), { told: most, isMore: undefined });
    assert.deepEqual(await claimsWith(named(201, 'g')), { told: undefined, isMore: true });
    assert.deepEqual(await claimsWith(named(5_000, 'g')), { told: undefined, isMore: true });
    assert.deepEqual(await claimsWith(named(60, 'é'.repeat(40))), { told: undefined, isMore: true });
  });

  it('are made for nobody whose access has ended or who is of another workspace, and say what is true now', async (t) => {
    const { clock, store, grace, first, verified } = await world(t);
    await first.tokenFor(server, grace);
    await store.users.setGroups(grace, ['army']);
    first.personChanged();
    assert.deepEqual((await verified(await first.tokenFor(server, grace))).payload['groups'], ['army']);
    await assert.rejects(first.tokenFor({ ...server, workspaceId: 'team-b' }, grace), { code: 'forbidden' });
    await assert.rejects(first.tokenFor(server, 'nobody'), { code: 'forbidden' });
    await store.users.setDisabled(grace, clock.at);
    first.personChanged();
    await assert.rejects(first.tokenFor(server, grace), { code: 'forbidden' });
  });

  it('are signed by a new key once everybody must have read it, and the one before it stays published until its last token has ended', async (t) => {
    const { clock, grace, first, second, verified, kids } = await world(t);
    await first.tokenFor(server, grace);
    assert.deepEqual(await kids(), ['identity-1']);
    await first.keys.rotate({ atOnce: false });
    second.keys.changed();
    assert.deepEqual(await kids(), ['identity-1', 'identity-2']);
    await assert.rejects(second.keys.rotate({ atOnce: false }), { code: 'conflict' });
    clock.at += 6 * MINUTE_MS - 1;
    const last = await first.tokenFor(server, grace);
    assert.equal(kidOf(last), 'identity-1');
    clock.at += 31_000;
    const next = await second.tokenFor(server, grace);
    assert.equal(kidOf(next), 'identity-2');
    await verified(last, first);
    await verified(next, first);
    clock.at += 3 * MINUTE_MS;
    assert.deepEqual([await kids(first), await kids(second)], [['identity-2'], ['identity-2']]);
    assert.deepEqual(
      (await second.keys.list()).map(({ id, state }) => `${id} ${state}`),
      ['identity-2 current'],
    );
  });

  it('are good no more at once where somebody else may have the key', async (t) => {
    const { grace, first, second, verified, kids } = await world(t);
    const stolen = await first.tokenFor(server, grace);
    await first.keys.rotate({ atOnce: false });
    await second.keys.rotate({ atOnce: true });
    first.keys.changed();
    assert.deepEqual([await kids(first), await kids(second)], [['identity-3'], ['identity-3']]);
    await assert.rejects(verified(stolen), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
    assert.equal(kidOf(await first.tokenFor(server, grace)), 'identity-3');
  });

  it('are signed with one key where two brokers need the first one at the same moment', async (t) => {
    const { grace, first, second, kids } = await world(t);
    const tokens = await Promise.all([first, second].map((broker) => broker.tokenFor(server, grace)));
    assert.deepEqual([...new Set(tokens.map(kidOf))], ['identity-1']);
    assert.deepEqual(await kids(), ['identity-1']);
  });
});
