// What a member may do through the API concerns their own things only.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { devicesApi, sessionsApi } from 'mcpgate-shared/api/devices';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { usersApi } from 'mcpgate-shared/api/users';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { systemClock } from 'mcpgate-shared/clock';
import { deviceOperations } from '../../admin/device-operations.ts';
import { grantOperations } from '../../admin/grant-operations.ts';
import { Page, type Caller, type RawInput } from '../../admin/operation.ts';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { assertMay } from './callers.ts';

suite('self-service', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld();
    for (const name of ['ada', 'grace']) await world.identity.users.add(WORKSPACE, { name }, HOST);
    await world.store.servers.create({
      workspaceId: WORKSPACE,
      name: 'github',
      enabled: true,
      transport: { kind: 'http', url: 'https://github.example.com/mcp', headers: {} },
      isolation: 'shared',
      trustAnnotations: false,
    });
  });
  after(() => world.close());

  const memberOf = async (name: string): Promise<Caller> => {
    const { id, role, groups } = await world.identity.users.show(WORKSPACE, name);
    const credential = { kind: 'device', id: 'd', label: 'd' } as const;
    const principal = { workspaceId: WORKSPACE, user: { id, name, role, groups }, credential };
    const workspaces = { workspaceId: WORKSPACE, homeWorkspaceId: WORKSPACE };
    return { actor: { name, address: null }, role, ...workspaces, credential, principal };
  };
  const run = async (endpoint: Endpoint, caller: Caller, input: Partial<RawInput> = {}): Promise<unknown> => {
    const parts = { people: world.identity, store: world.store, clock: systemClock, links: () => [] };
    const all = [...deviceOperations(parts), ...grantOperations(parts)];
    const found = all.find((operation) => operation.endpoint === endpoint);
    assert.ok(found);
    assertMay(caller, found);
    const answer = found.run({ params: {}, query: {}, body: undefined, ...input }, caller, AbortSignal.timeout(5_000));
    assert.ok(answer instanceof Promise);
    const done = await answer;
    return done instanceof Page ? done.items : done;
  };
  const ids = (value: unknown): string[] => {
    assert.ok(Array.isArray(value));
    return value.map((item) => String(Object(item)['id']));
  };

  test('devices and sessions of others are neither seen nor ended', async () => {
    const [hers, his] = [await world.logIn('ada', world.device('a')), await world.logIn('grace', world.device('g'))];
    const ada = await memberOf('ada');
    for (const endpoint of [devicesApi.list, sessionsApi.list]) {
      assert.deepEqual(ids(await run(endpoint, ada)), [hers.deviceId]);
      assert.deepEqual(ids(await run(endpoint, ada, { query: { user: 'grace' } })), [hers.deviceId]);
    }
    for (const endpoint of [devicesApi.revoke, sessionsApi.end]) {
      await assert.rejects(run(endpoint, ada, { params: { id: his.deviceId } }), { code: 'not_found' });
    }
    const [device] = await world.identity.devices.list(WORKSPACE, { user: 'grace' });
    assert.equal(device?.revokedAt, null);
    await run(devicesApi.revoke, ada, { params: { id: hers.deviceId } });
    assert.equal((await hers.laptop.refresh(hers.tokens.refresh_token)).error, 'invalid_grant');
  });

  test('a member issues grants for themselves, and ends no other', async () => {
    const [ada, grace] = [await memberOf('ada'), await memberOf('grace')];
    const issued = Object(await run(grantsApi.issue, ada, { body: { label: 'mine', servers: ['github'] } }));
    assert.equal(issued['user'], 'ada');
    const forOther = run(grantsApi.issue, ada, { body: { label: 'x', servers: ['github'], user: 'grace' } });
    await assert.rejects(forOther, { code: 'forbidden' });
    assert.deepEqual(ids(await run(grantsApi.list, grace)), []);
    await assert.rejects(run(grantsApi.revoke, grace, { params: { id: 'mine' } }), { code: 'not_found' });
    assert.equal((await world.identity.authenticate(String(issued['token']), 'mcp')).kind, 'ok');
    await run(grantsApi.revoke, ada, { params: { id: 'mine' } });
    assert.equal((await world.identity.authenticate(String(issued['token']), 'mcp')).kind, 'rejected');
  });

  test('an auditor sees what is of others, and ends and issues nothing of theirs', async () => {
    await world.identity.users.add(WORKSPACE, { name: 'kat', role: 'auditor' }, HOST);
    const [kat, grace] = [await memberOf('kat'), await memberOf('grace')];
    const his = await world.logIn('grace', world.device('g2'));
    await run(grantsApi.issue, grace, { body: { label: 'his', servers: ['github'] } });
    for (const endpoint of [devicesApi.list, sessionsApi.list])
      assert.ok(ids(await run(endpoint, kat, { query: { user: 'grace' } })).includes(his.deviceId));
    assert.equal(ids(await run(grantsApi.list, kat)).length, 2, 'that of ada too, which has ended');
    for (const endpoint of [devicesApi.revoke, sessionsApi.end])
      await assert.rejects(run(endpoint, kat, { params: { id: his.deviceId } }), { code: 'not_found' });
    await assert.rejects(run(grantsApi.revoke, kat, { params: { id: 'his' } }), { code: 'not_found' });
    const forOther = { body: { label: 'x', servers: ['github'], user: 'grace' } };
    await assert.rejects(run(grantsApi.issue, kat, forOther), { code: 'forbidden' });
    const devices = await world.identity.devices.list(WORKSPACE, { user: 'grace' });
    assert.ok(devices.every(({ revokedAt }) => revokedAt === null));
  });

  test('a member may not use the operations for administrators; an auditor only sees who is here', () => {
    for (const endpoint of Object.values(usersApi)) {
      for (const role of ['member', 'operator', 'scim'] as const)
        assert.throws(() => assertMay({ role }, { endpoint }), { code: 'forbidden' });
      if (endpoint.method !== 'GET')
        assert.throws(() => assertMay({ role: 'auditor' }, { endpoint }), { code: 'forbidden' });
      assert.doesNotThrow(() => assertMay({ role: 'admin' }, { endpoint }));
    }
  });
});
