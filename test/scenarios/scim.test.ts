// The company's IdP adds people and groups by SCIM, and cuts leavers off by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { searchEvents } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { connectIdp, entraUser, oktaUser, scimFilter } from '../world/people/scim-client.ts';

test('a person whom Entra adds connects; `active` "False" cuts the call under way off, and "True" lets in again', async (t) => {
  const { upstream, world } = await createCountingWorld(t);
  const entra = await connectIdp(world);
  assert.deepEqual((await entra.send('GET', `/Users${scimFilter('userName eq "Ada@corp.example"')}`)).Resources, []);
  const added = await entra.send(
    'POST',
    '/Users',
    entraUser('Ada@corp.example', '58342554-38d6-4ec8-948c-50044d0a33fd'),
  );
  assert.equal(added.code, 201, added.detail);
  assert.match(added.type ?? '', /^application\/scim\+json/);
  assert.deepEqual([added.userName, added.active, added.displayName], ['Ada@corp.example', true, 'Ada Lovelace']);
  assert.equal('department' in added || 'password' in added, false);
  const path = `/Users/${added.id ?? ''}`;
  const ada = world.laptop('ada');
  await world.login(ada);
  const client = await ada.aiClient();
  const held = client.call('counting__hold').catch((error: unknown) => ({ isError: true, text: String(error) }));
  await upstream.arrived('hold');

  const left = await entra.patch(path, [{ op: 'Replace', path: 'active', value: 'False' }]);

  assert.equal(left.active, false);
  await upstream.cancelled();
  await world.network.when(() => world.network.upgrades.open === 0);
  const ended = await held;
  assert.equal(ended.isError, true, ended.text);
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=x'])).code, 3);
  const [receipt] = await searchEvents(world.broker, 'user.disabled');
  assert.deepEqual([receipt?.actor, receipt?.subject], ['admin-token:idp-scim', 'user:ada']);
  assert.deepEqual([receipt?.data['links_closed'], receipt?.data['calls_cancelled']], [1, 1]);

  assert.equal((await entra.patch(path, [{ op: 'Replace', path: 'active', value: 'True' }])).active, true);
  await world.login(ada);
  const again = await ada.aiClient();
  assert.equal((await again.call('counting__echo', { text: 'back' })).text, 'back');
  assert.equal((await entra.send('DELETE', path)).code, 204);
  await world.network.when(() => world.network.upgrades.open === 0);
  assert.equal((await entra.send('GET', path)).code, 404);
  assert.equal((await searchEvents(world.broker, 'user.removed'))[0]?.data['links_closed'], 1);
  const users = (await world.broker.json(['user', 'list'])) as unknown[];
  assert.deepEqual(users, []);
});

test('a close by the IdP says "revoked" to the link: 4403', async (t) => {
  const { world } = await createCountingWorld(t);
  const okta = await connectIdp(world);
  const { id = '' } = await okta.send('POST', '/Users', oktaUser('grace', '00ujl29u0le5T6Aj10h7'));
  const grant = (await world.broker.json([
    ...['grant', 'issue', '--label', 'hers', '--server', 'counting', '--user', 'grace'],
  ])) as { token: string };
  const socket = new WebSocket(`${world.url.replace(/^http/, 'ws')}/v1/tunnel`, {
    protocols: 'mcpgate.v1',
    headers: { authorization: `Bearer ${grant.token}` },
  });
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  await okta.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
  assert.equal(await closed, 4403);
});

test('members of a group that the IdP fills may at once what its rules allow, and no longer when it takes them out', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { servers: { counting: { url: upstream.url } }, open: false });
  await world.broker.run(['rule', 'add', '--allow', '--who', 'group:platform-team', '--what', '*']);
  const idp = await connectIdp(world);
  const { id = '' } = await idp.send('POST', '/Users', oktaUser('grace@corp.example', '00u1'));
  const grace = world.laptop('grace');
  await world.login(grace);
  const client = await grace.aiClient();
  const may = async (): Promise<boolean> =>
    client.call('counting__echo', { text: 'x' }).then(
      ({ isError }) => isError !== true,
      () => false,
    );
  assert.equal(await may(), false);
  const group = await idp.send('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
    displayName: 'Platform Team',
    meta: { resourceType: 'Group' },
  });
  assert.deepEqual([group.code, group.id], [201, 'platform-team'], group.detail);
  const path = '/Groups/platform-team';
  const steps: [operation: Record<string, unknown>, may: boolean][] = [
    [{ op: 'Add', path: 'members', value: [{ value: id }] }, true],
    [{ op: 'Remove', path: 'members', value: [{ value: id }] }, false],
    [{ op: 'add', value: { members: [{ value: id, display: 'grace@corp.example' }] } }, true],
    [{ op: 'remove', path: `members[value eq "${id}"]` }, false],
    [{ op: 'replace', path: 'members', value: [{ value: id }] }, true],
    [{ op: 'replace', value: { id: 'platform-team', displayName: 'Platform' } }, true],
    [{ op: 'remove', path: 'members' }, false],
  ];
  for (const [operation, expected] of steps) {
    const seen = upstream.calls.length;
    await idp.patch(path, [operation]);
    assert.equal(await may(), expected, JSON.stringify(operation));
    assert.equal(upstream.calls.length - seen, expected ? 1 : 0);
  }
  const found = await idp.send('GET', `/Groups${scimFilter('displayName eq "platform"')}&excludedAttributes=members`);
  assert.deepEqual([found.Resources?.[0]?.id, found.Resources?.[0]?.['members']], ['platform-team', undefined]);
  const put = await idp.send('PUT', path, { displayName: 'Platform', members: [{ value: id }] });
  assert.deepEqual(
    put.members?.map(({ value }) => value),
    [id],
    put.detail,
  );
  assert.equal(await may(), true);
  assert.equal((await idp.send('DELETE', path)).code, 204);
  assert.equal(await may(), false);
});

test('who was here before the IdP came is found by address or name, and taken over rather than doubled', async (t) => {
  const world = await createWorld(t);
  await world.broker.run(['user', 'add', 'ada', '--email', 'ada@corp.example']);
  await world.broker.run(['user', 'add', 'root', '--role', 'admin', '--email', 'root@corp.example']);
  const idp = await connectIdp(world);
  const find = async (filter: string) => (await idp.send('GET', `/Users${scimFilter(filter)}`)).Resources ?? [];
  const [ada] = await find('userName eq "ADA@corp.example"');
  assert.ok(ada);
  assert.deepEqual(await find('userName eq "ada"'), [ada]);
  const twice = await idp.send('POST', '/Users', entraUser('ada@corp.example', 'x'));
  assert.deepEqual([twice.code, twice.scimType, twice.status], [409, 'uniqueness', '409']);
  const put = await idp.send('PUT', `/Users/${ada.id}`, {
    ...oktaUser('a.lovelace@corp.example', '00u2'),
    active: true,
  });
  assert.equal(put.userName, 'a.lovelace@corp.example', put.detail);
  assert.deepEqual(
    (await find('externalId eq "00u2"')).map(({ id }) => id),
    [ada.id],
  );
  assert.deepEqual(
    (await find(`id eq "${ada.id}"`)).map(({ id }) => id),
    [ada.id],
  );
  assert.deepEqual(await find('userName eq "ada@corp.example"'), []);
  const users = (await world.broker.json(['user', 'list'])) as { name: string; email: string }[];
  assert.deepEqual(
    users.map(({ name, email }) => [name, email]),
    [
      ['ada', 'a.lovelace@corp.example'],
      ['root', 'root@corp.example'],
    ],
  );

  const [root] = await find('userName eq "root"');
  const edits = [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'mallory@corp.example' }];
  await idp.patch(`/Users/${root?.id ?? ''}`, edits);
  const { email } = (await world.broker.json(['user', 'show', 'root'])) as { email: string };
  assert.equal(email, 'root@corp.example', 'nobody becomes an administrator by an address');
});
