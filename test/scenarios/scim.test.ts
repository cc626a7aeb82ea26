// The company's IdP adds people and groups by SCIM, and cuts leavers off by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type World } from '../world.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { createScimClient, entraUser, oktaUser, type ScimClient } from '../world/scim-client.ts';

interface Event {
  type: string;
  actor: string;
  subject: string;
  data: Record<string, unknown>;
}

async function issueToken(world: World, role = 'scim', label = `idp-${role}`): Promise<string> {
  const words = ['admin-token', 'issue', '--label', label, '--role', role];
  return ((await world.broker.json(words)) as { token: string }).token;
}

const idpOf = async (world: World): Promise<ScimClient> => createScimClient(world.url, await issueToken(world));

const eventsOf = async (world: World, type: string): Promise<Event[]> =>
  (await world.broker.json(['audit', 'search', '--events', '--type', type])) as Event[];

const query = (filter: string): string => `?filter=${encodeURIComponent(filter)}`;

test('a person whom Entra adds connects; `active` "False" cuts the call under way off, and "True" lets in again', async (t) => {
  const { upstream, world } = await createCountingWorld(t);
  const entra = await idpOf(world);
  assert.deepEqual((await entra.send('GET', `/Users${query('userName eq "Ada@corp.example"')}`)).Resources, []);
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
  const [receipt] = await eventsOf(world, 'user.disabled');
  assert.deepEqual([receipt?.actor, receipt?.subject], ['admin-token:idp-scim', 'user:ada']);
  assert.deepEqual([receipt?.data['links_closed'], receipt?.data['calls_cancelled']], [1, 1]);

  assert.equal((await entra.patch(path, [{ op: 'Replace', path: 'active', value: 'True' }])).active, true);
  await world.login(ada);
  const again = await ada.aiClient();
  assert.equal((await again.call('counting__echo', { text: 'back' })).text, 'back');
  assert.equal((await entra.send('DELETE', path)).code, 204);
  await world.network.when(() => world.network.upgrades.open === 0);
  assert.equal((await entra.send('GET', path)).code, 404);
  assert.equal((await eventsOf(world, 'user.removed'))[0]?.data['links_closed'], 1);
  const users = (await world.broker.json(['user', 'list'])) as unknown[];
  assert.deepEqual(users, []);
});

test('a close by the IdP says "revoked" to the link: 4403', async (t) => {
  const { world } = await createCountingWorld(t);
  const okta = await idpOf(world);
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
  const idp = await idpOf(world);
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
  const found = await idp.send('GET', `/Groups${query('displayName eq "platform"')}&excludedAttributes=members`);
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
  const idp = await idpOf(world);
  const find = async (filter: string) => (await idp.send('GET', `/Users${query(filter)}`)).Resources ?? [];
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

test('what an IdP should not send is refused with its reason, and changes nothing', async (t) => {
  const world = await createWorld(t);
  const idp = await idpOf(world);
  const { id = '' } = await idp.send('POST', '/Users', oktaUser('grace@corp.example', '00u1'));
  await idp.send('POST', '/Groups', { displayName: 'Compilers', members: [{ value: id }] });
  const user = `/Users/${id}`;
  const patch = (...Operations: unknown[]) => ({ Operations });
  const cases: [method: string, path: string, body: unknown, code: number, scimType: string | undefined][] = [
    ['GET', `/Users${query('userName sw "g"')}`, undefined, 400, 'invalidFilter'],
    ['GET', `/Users${query('userName eq grace')}`, undefined, 400, 'invalidFilter'],
    ['GET', `/Groups${query('members eq "x"')}`, undefined, 400, 'invalidFilter'],
    ['GET', '/Users?startIndex=x', undefined, 400, 'invalidValue'],
    ['POST', '/Users', '{"userName": ', 400, 'invalidSyntax'],
    ['POST', '/Users', [], 400, 'invalidSyntax'],
    ['POST', '/Users', { active: true }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'x'.repeat(600) }, 400, 'invalidValue'],
    ['POST', '/Users', { userName: 'GRACE@corp.example' }, 409, 'uniqueness'],
    ['PATCH', user, {}, 400, 'invalidSyntax'],
    ['PATCH', user, patch({ op: 'destroy', path: 'active' }), 400, 'invalidSyntax'],
    ['PATCH', user, patch({ op: 'replace', path: 'active', value: 'maybe' }), 400, 'invalidValue'],
    ['PATCH', user, patch({ op: 'replace', path: 'na me', value: 'x' }), 400, 'invalidPath'],
    ['PATCH', user, patch({ op: 'remove' }), 400, 'noTarget'],
    ['PATCH', '/Users/nobody', patch({ op: 'replace', path: 'active', value: false }), 404, undefined],
    ['POST', '/Groups', { displayName: '!!' }, 400, 'invalidValue'],
    ['POST', '/Groups', { displayName: 'compilers' }, 409, 'uniqueness'],
    [
      'PATCH',
      '/Groups/compilers',
      patch({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }),
      400,
      'invalidValue',
    ],
    ['POST', '/Users', { userName: 'x', padding: 'x'.repeat(2_000_000) }, 413, undefined],
    ['POST', '/Bulk', {}, 404, undefined],
  ];
  for (const [method, path, body, code, scimType] of cases) {
    const answer = await idp.send(method, path, body);
    assert.deepEqual([answer.code, answer.scimType], [code, scimType], `${method} ${path}: ${answer.detail ?? ''}`);
    assert.equal(answer.status, String(code));
    assert.deepEqual(answer['schemas'], ['urn:ietf:params:scim:api:messages:2.0:Error']);
  }
  const odd = await idp.patch(user, [
    { op: 'add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager', value: '1' },
    { op: 'add', path: 'phoneNumbers[type eq "work"].value', value: '1' },
    { op: 'replace', value: { 'name.givenName': 'G.', nickName: 'Amazing', active: 'True' } },
  ]);
  assert.deepEqual(odd['name'], { givenName: 'G.', familyName: 'Hopper' });
  assert.deepEqual(
    (await idp.send('GET', '/Groups/compilers')).members?.map(({ value }) => value),
    [id],
  );
  const users = (await world.broker.json(['user', 'list'])) as { name: string; disabled: boolean }[];
  assert.deepEqual(
    users.map(({ name, disabled }) => [name, disabled]),
    [['grace', false]],
  );
});

test('lists come in pages of at most 200, in an order that stays', async (t) => {
  const world = await createWorld(t);
  const idp = await idpOf(world);
  const names = Array.from({ length: 7 }, (_, index) => `user-${index}@corp.example`);
  for (const name of names) assert.equal((await idp.send('POST', '/Users', { userName: name })).code, 201);
  const seen: unknown[] = [];
  for (const startIndex of [1, 4, 7, 10]) {
    const page = await idp.send('GET', `/Users?startIndex=${startIndex}&count=3&attributes=userName`);
    assert.deepEqual([page.totalResults, page.startIndex], [7, startIndex]);
    assert.equal(page.itemsPerPage, page.Resources?.length);
    seen.push(...(page.Resources ?? []).map((user) => user['userName']));
    for (const user of page.Resources ?? [])
      assert.deepEqual(Object.keys(user).toSorted(), ['id', 'schemas', 'userName']);
  }
  assert.deepEqual(seen, names);
  const none = await idp.send('GET', '/Users?count=0');
  assert.deepEqual([none.code, none.totalResults, none.itemsPerPage], [200, 7, 0]);
  assert.equal((await idp.send('GET', '/Users?startIndex=-5&count=1000000')).itemsPerPage, 7);
  for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User', '/Schemas'])
    assert.equal((await idp.send('GET', path)).code, 200, path);
  assert.equal(
    (await idp.send('GET', '/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group')).id?.endsWith('Group'),
    true,
  );
});

test('only a token of the role scim speaks SCIM, and it does nothing else; guessing is throttled and logged', async (t) => {
  const { world } = await createCountingWorld(t);
  const [scim, admin] = [await issueToken(world), await issueToken(world, 'admin')];
  const grant = (await world.broker.json(['grant', 'issue', '--label', 'g', '--server', 'counting'])) as {
    token: string;
  };
  const statusOf = async (token: string | undefined) =>
    (await createScimClient(world.url, token).send('GET', '/Users')).code;
  assert.deepEqual(
    await Promise.all([undefined, 'mca_wrong', grant.token, admin, scim].map(statusOf)),
    [401, 401, 401, 403, 200],
  );
  const headers = { authorization: `Bearer ${scim}` };
  for (const path of ['/api/v1/users', '/api/v1/status', '/api/v1/me'])
    assert.equal((await fetch(`${world.url}${path}`, { headers })).status, 403, path);
  for (const path of ['/v1/whoami', '/mcp'])
    assert.equal((await fetch(`${world.url}${path}`, { headers })).status, 401, path);
  const rejects = (await eventsOf(world, 'auth.rejected')).filter(({ data }) => data['door'] === 'scim');
  assert.deepEqual(rejects.map(({ data }) => String(data['reason'])).toSorted(), [
    'mistyped',
    'mistyped',
    'mistyped',
    'wrong_role',
  ]);

  const guesses = await Promise.all(Array.from({ length: 60 }, () => statusOf('mca_guess')));
  assert.ok(guesses.includes(429) && guesses.includes(401), String(guesses));
  assert.ok((await eventsOf(world, 'auth.rejected')).length < 60, 'a flood does not fill the log');
  assert.equal(await statusOf(scim), 200, 'the IdP is not kept out by a guesser at its address');
  await world.broker.run(['admin-token', 'revoke', 'idp-scim']);
  assert.equal(await statusOf(undefined), 429);
  const other = createScimClient(world.url, await issueToken(world, 'scim', 'next'));
  assert.equal((await other.send('GET', '/Users')).code, 200);
});

test('a token of a workspace adds people there, whoever another workspace has, and sees and ends its own alone', async (t) => {
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['workspace', 'add', 'team-b']);
  const inside = ['--workspace', 'team-b'];
  const issue = ['admin-token', 'issue', '--label', 'idp', '--role', 'scim', ...inside];
  const { token } = (await world.broker.json(issue)) as { token: string };
  const [first, other] = [await idpOf(world), createScimClient(world.url, token)];
  const namesIn = async (...where: string[]) =>
    ((await world.broker.json(['user', 'list', ...where])) as { name: string; disabled: boolean }[]).map(
      ({ name, disabled }) => (disabled ? `${name} (disabled)` : name),
    );

  const squatted = await first.send('POST', '/Users', entraUser('Ada@corp.example', 'id-ada'));
  assert.equal(squatted.code, 201, squatted.detail);
  await world.broker.run(['user', 'add', 'hopper', '--email', 'grace@corp.example']);
  const found = await other.send('GET', `/Users${query('userName eq "ada@corp.example"')}`);
  assert.equal(found.totalResults, 0, 'nothing of one workspace is seen in another');
  for (const name of ['ada@corp.example', 'grace@corp.example'])
    assert.equal((await other.send('POST', '/Users', entraUser(name, `id-${name}`))).code, 201, name);
  assert.deepEqual(
    [await namesIn(), await namesIn(...inside)],
    [
      ['ada', 'hopper'],
      ['ada', 'grace'],
    ],
  );
  const path = `/Users/${squatted.id ?? ''}`;
  for (const method of ['GET', 'DELETE']) assert.equal((await other.send(method, path)).code, 404, method);
  await assert.rejects(other.patch(path, [{ op: 'Replace', path: 'active', value: false }]), /404/);
  await first.patch(path, [{ op: 'Replace', path: 'active', value: false }]);
  assert.deepEqual(
    [await namesIn(), await namesIn(...inside)],
    [
      ['ada (disabled)', 'hopper'],
      ['ada', 'grace'],
    ],
  );
});
