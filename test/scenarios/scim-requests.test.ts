// What SCIM takes and what it refuses: of whom, of which workspace, and how much at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../world.ts';
import { searchEvents } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import {
  connectIdp,
  createScimClient,
  entraUser,
  issueAdminToken,
  oktaUser,
  scimFilter,
} from '../world/people/scim-client.ts';

test('what an IdP should not send is refused with its reason, and changes nothing', async (t) => {
  const world = await createWorld(t);
  const idp = await connectIdp(world);
  const { id = '' } = await idp.send('POST', '/Users', oktaUser('grace@corp.example', '00u1'));
  await idp.send('POST', '/Groups', { displayName: 'Compilers', members: [{ value: id }] });
  const user = `/Users/${id}`;
  const patch = (...Operations: unknown[]) => ({ Operations });
  const cases: [method: string, path: string, body: unknown, code: number, scimType: string | undefined][] = [
    ['GET', `/Users${scimFilter('userName sw "g"')}`, undefined, 400, 'invalidFilter'],
    ['GET', `/Users${scimFilter('userName eq grace')}`, undefined, 400, 'invalidFilter'],
    ['GET', `/Groups${scimFilter('members eq "x"')}`, undefined, 400, 'invalidFilter'],
    ['GET', '/Users?startIndex=x', undefined, 400, 'invalidValue'],
    ['POST', '/Users', '{"userName": ', 400, 'invalidSyntax'],
    ['POST', '/Users', [], 400, 'invalidSyntax'],
    ['POST', '/Users', '{"userName": "x", "active": true, "\\u0061ctive": false}', 400, 'invalidSyntax'],
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
  const idp = await connectIdp(world);
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
  const [scim, admin] = [await issueAdminToken(world), await issueAdminToken(world, 'admin')];
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
  const rejects = (await searchEvents(world.broker, 'auth.rejected')).filter(({ data }) => data['door'] === 'scim');
  assert.deepEqual(rejects.map(({ data }) => String(data['reason'])).toSorted(), [
    'mistyped',
    'mistyped',
    'mistyped',
    'wrong_role',
  ]);

  const guesses = await Promise.all(Array.from({ length: 60 }, () => statusOf('mca_guess')));
  assert.ok(guesses.includes(429) && guesses.includes(401), String(guesses));
  assert.ok((await searchEvents(world.broker, 'auth.rejected')).length < 60, 'a flood does not fill the log');
  assert.equal(await statusOf(scim), 200, 'the IdP is not kept out by a guesser at its address');
  await world.broker.run(['admin-token', 'revoke', 'idp-scim']);
  assert.equal(await statusOf(undefined), 429);
  const other = createScimClient(world.url, await issueAdminToken(world, 'scim', 'next'));
  assert.equal((await other.send('GET', '/Users')).code, 200);
});

test('a token of a workspace adds people there, whoever another workspace has, and sees and ends its own alone', async (t) => {
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['workspace', 'add', 'team-b']);
  const inside = ['--workspace', 'team-b'];
  const issue = ['admin-token', 'issue', '--label', 'idp', '--role', 'scim', ...inside];
  const { token } = (await world.broker.json(issue)) as { token: string };
  const [first, other] = [await connectIdp(world), createScimClient(world.url, token)];
  const namesIn = async (...where: string[]) =>
    ((await world.broker.json(['user', 'list', ...where])) as { name: string; disabled: boolean }[]).map(
      ({ name, disabled }) => (disabled ? `${name} (disabled)` : name),
    );

  const squatted = await first.send('POST', '/Users', entraUser('Ada@corp.example', 'id-ada'));
  assert.equal(squatted.code, 201, squatted.detail);
  await world.broker.run(['user', 'add', 'hopper', '--email', 'grace@corp.example']);
  const found = await other.send('GET', `/Users${scimFilter('userName eq "ada@corp.example"')}`);
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
