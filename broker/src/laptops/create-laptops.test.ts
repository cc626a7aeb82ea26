import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import { fingerprintOf } from 'mcpgate-shared/entries/fingerprint';
import { pino } from 'pino';
import { createAudit } from '../audit/create-audit.ts';
import { TEST_KEYS } from '../audit/fixtures/test-keys.ts';
import type { Principal } from '../domain/people/principal.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import { createVault } from '../vault/create-vault.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import { createLaptops } from './create-laptops.ts';

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
const PASSWORD = 'hunter2';

async function openLaptops(t: TestContext, open: OpenStoreUnderTest) {
  const world = await open(t);
  const { store, clock } = world;
  const vault = await createVault({ ...world, masterKey: loadMasterKey({ dataDir: world.dataDir }) });
  const audit = createAudit({ store, clock, log: pino({ level: 'silent' }), writerId: 'test', keys: TEST_KEYS });
  const laptops = createLaptops({ store, vault, audit, clock });
  await store.workspaces.add('team-b');
  const member = async (name: string, workspaceId = 'default'): Promise<Principal> => {
    const user = await store.users.create({ workspaceId, name, email: null, role: 'member', groups: [] });
    const own = { workspaceId, userId: user.id, name: `${name}s-laptop` };
    const device = await store.devices.create({ ...own, platform: 'linux', address: '192.0.2.1' });
    const credential = { kind: 'device', id: device.id, label: device.name } as const;
    return { workspaceId, user: { ...user, groups: [] }, credential, device: { id: device.id, name: device.name } };
  };
  const server = async (name: string, secret: string, workspaceId = 'default') =>
    await store.servers.create({
      workspaceId,
      name,
      enabled: true,
      transport: {
        kind: 'stdio',
        command: 'npx',
        args: ['-y', `${name}-mcp@1.2.3`],
        env: { TOKEN: `\${secret:${secret}}` },
      },
      isolation: 'shared',
      trustAnnotations: false,
    });
  const ask = async (
    principal: Principal,
    values: readonly string[],
    usable: Parameters<typeof laptops.tokenKey>[1],
  ) => {
    const { key_id, key } = laptops.tokenKey(principal, usable);
    const fingerprints = values.map((value) => fingerprintOf(Buffer.from(key, 'base64url'), 'secret', value));
    const { secrets } = await laptops.report(principal, { key_id, fingerprints, found: values.length }, usable);
    return secrets.map(({ fingerprint, ...rest }) => ({ ...rest, value: values[fingerprints.indexOf(fingerprint)] }));
  };
  const events = async (workspaceId = 'default') =>
    (await audit.searchEvents({ workspaceId, limit: 100 })).filter(({ type }) => /^(?:laptop|proposal)\./.test(type));
  return { ...world, vault, laptops, member, server, ask, events };
}

onBothEngines((open) => {
  it('a laptop is told which of its tokens is a secret, in which version, and whether it is in use', async (t) => {
    const { vault, member, server, ask } = await openLaptops(t, open);
    const ada = await member('ada');
    const github = await server('github', 'github-token');
    await vault.set('default', 'github-token', `${TOKEN}old`, 'cli');
    await vault.set('default', 'github-token', TOKEN, 'cli');
    const others = ['glpat-abcdefghij1234567890', randomBytes(20).toString('hex')];
    assert.deepEqual(await ask(ada, [TOKEN, ...others, `${TOKEN}old`], [github]), [
      { name: 'github-token', version: 1, current: false, servers: ['github'], value: `${TOKEN}old` },
      { name: 'github-token', version: 2, current: true, servers: ['github'], value: TOKEN },
    ]);
  });

  it('the name of a secret is told to those alone who may use a server that it is for', async (t) => {
    const { vault, member, server, ask } = await openLaptops(t, open);
    await server('github', 'github-token');
    await vault.set('default', 'github-token', TOKEN, 'cli');
    assert.deepEqual(await ask(await member('ada'), [TOKEN], []), [
      { name: null, version: null, current: true, servers: [], value: TOKEN },
    ]);
  });

  it('no secret of another workspace is recognised, and no password anywhere', async (t) => {
    const { vault, laptops, member, server, ask } = await openLaptops(t, open);
    const ada = await member('ada');
    const theirs = await server('github', 'token', 'team-b');
    await vault.set('team-b', 'token', TOKEN, 'cli');
    await vault.set('default', 'password', PASSWORD, 'cli');
    await vault.set('default', 'long', 'correct-horse-battery-staple', 'cli');
    assert.deepEqual(await ask(ada, [TOKEN, PASSWORD, 'correct-horse-battery-staple'], [theirs]), []);
    const bob = await member('bob', 'team-b');
    assert.equal((await ask(bob, [TOKEN], [theirs])).length, 1);
    // Whoever sees the fingerprints of another one can ask nothing with them.
    const { key_id, key } = laptops.tokenKey(bob, []);
    const stolen = [fingerprintOf(Buffer.from(key, 'base64url'), 'secret', TOKEN)];
    const carol = await member('carol', 'team-b');
    assert.deepEqual(await laptops.report(carol, { key_id, fingerprints: stolen, found: 1 }, [theirs]), {
      secrets: [],
    });
  });

  it('a key ends after minutes, and who asks too often is told to wait', async (t) => {
    const { laptops, member, clock } = await openLaptops(t, open);
    const [ada, bob] = [await member('ada'), await member('bob')];
    const { key_id } = laptops.tokenKey(ada, []);
    clock.at += 25 * 60_000;
    const late = laptops.report(ada, { key_id, fingerprints: [], found: 0 }, []);
    await assert.rejects(late, { code: 'gone', message: /ask for another one/ });
    const again = (): unknown => laptops.tokenKey(ada, []);
    for (let count = 0; count < 30; count += 1) again();
    assert.throws(again, { code: 'throttled', message: /try again in a minute/ });
    laptops.tokenKey(bob, []);
    clock.at += 60_000;
    again();
  });

  it('the log and the counts hold how many tokens a laptop has, once for each change, and no value or fingerprint', async (t) => {
    const { vault, store, member, server, ask, events } = await openLaptops(t, open);
    const ada = await member('ada');
    const github = await server('github', 'github-token');
    await vault.set('default', 'github-token', TOKEN, 'cli');
    await ask(ada, [TOKEN, 'glpat-abcdefghij1234567890'], [github]);
    await ask(ada, [TOKEN, 'glpat-abcdefghij1234567890'], [github]);
    assert.deepEqual(await store.laptopFindings.list('default'), [{ deviceId: ada.device?.id, tokens: 2, live: 1 }]);
    await ask(ada, [], [github]);
    assert.deepEqual(await store.laptopFindings.list('default'), []);
    const told = await events();
    assert.deepEqual(
      told.toSorted((one, other) => one.seq - other.seq).map(({ type, actor, data }) => [type, actor, data]),
      [
        ['laptop.tokens_found', 'ada', { device: 'adas-laptop', tokens: 2, live: 1, secrets: ['github-token@1'] }],
        ['laptop.tokens_gone', 'ada', { device: 'adas-laptop', tokens: 0, live: 0, secrets: [] }],
      ],
    );
  });

  it('what a server starts is told in fingerprints that are one laptop’s', async (t) => {
    const { laptops, member, server } = await openLaptops(t, open);
    const github = await server('github', 'token');
    const tell = async (name: string) => {
      const { key, servers } = laptops.tokenKey(await member(name), [github]);
      const expected = fingerprintOf(Buffer.from(key, 'base64url'), 'target', 'package:github-mcp');
      assert.deepEqual(servers, [{ name: 'github', targets: [expected] }]);
      return expected;
    };
    assert.notEqual(await tell('ada'), await tell('bob'));
  });

  it('a proposal is told once, and one person cannot flood the administrators', async (t) => {
    const { laptops, member, events, clock } = await openLaptops(t, open);
    const ada = await member('ada');
    const propose = (name: string) =>
      laptops.propose(ada, { name, transport: { kind: 'http', url: `https://${name}.example.com/mcp`, headers: {} } });
    const first = await propose('notes');
    assert.deepEqual(await propose('notes'), first);
    assert.deepEqual(
      (await events()).map(({ type, subject, data }) => [type, subject, data]),
      [['proposal.made', `proposal:${first.id}`, { name: 'notes', transport: 'http' }]],
    );
    for (let count = 1; count < 20; count += 1) {
      clock.at += 60_000;
      await propose(`notes-${count}`);
    }
    await assert.rejects(propose('one-more'), { code: 'throttled', message: /wait for an administrator/ });
  });
});
