// Into which workspace the company's IdP puts people: the configured one or the one that a claim names, and nobody into two.
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test, type TestContext } from 'node:test';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { startCrookedIdp, type CrookedIdp } from '../../identity/idp/fixtures/crooked-idp.ts';
import { HOST, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { callbackOf, createIdpWorld, idpSettingsFor, pageText, signInAt } from './fixtures/idp-world.ts';
import { createPageBrowser } from './fixtures/page-browser.ts';

suite('workspaces of people from the company’s IdP', () => {
  let idp: CrookedIdp;
  before(async () => {
    idp = await startCrookedIdp();
  });
  afterEach(() => {
    idp.userinfo = {};
  });
  after(() => idp.stop());

  const open = async (t: TestContext, more: Partial<IdpSettings>): Promise<IdentityWorld> => {
    const world = await createIdpWorld({ ...idpSettingsFor(idp.issuer), ...more });
    t.after(() => world.close());
    for (const name of ['team-a', 'team-b']) await world.store.workspaces.add(name);
    return world;
  };
  const comes = (world: IdentityWorld, name: string, more: Record<string, unknown> = {}) => {
    const address = { email: `${name}@corp.example`, email_verified: true };
    idp.claims = { sub: `sub-${name}`, preferred_username: name, ...address, ...more };
    return signInAt(idp.issuer, createPageBrowser(world.origin));
  };
  const namesIn = async (world: IdentityWorld, workspace: string): Promise<string[]> =>
    (await world.identity.users.list(workspace)).map(({ name }) => name);
  const eventsIn = async (world: IdentityWorld, workspaceId: string, type: string) => {
    await world.audit.flush();
    return world.audit.searchEvents({ workspaceId, type, limit: 10 });
  };

  test('all are in the one that is configured, and their sign-ins are in its log', async (t) => {
    const world = await open(t, { workspace: 'team-b' });
    assert.match((await comes(world, 'ada', { groups: ['data'] })).html, /Hello, ada/);
    assert.deepEqual([await namesIn(world, 'team-b'), await namesIn(world, 'default')], [['ada'], []]);
    assert.equal((await eventsIn(world, 'team-b', 'user.created'))[0]?.subject, 'user:ada');
    assert.equal((await eventsIn(world, 'team-b', 'login.succeeded'))[0]?.actor, 'ada');
    await comes(world, 'ada', { groups: ['data', 'mcp-admins'] });
    assert.equal((await world.identity.users.show('team-b', 'ada')).role, 'admin', 'groups and role follow there too');
    idp.authorizationError = 'access_denied';
    await comes(world, 'ada');
    idp.authorizationError = undefined;
    assert.equal((await eventsIn(world, 'team-b', 'login.failed'))[0]?.data['reason'], 'denied');
  });

  test('one that is configured and not there lets nobody in until it is', async (t) => {
    const world = await open(t, { workspace: 'team-c' });
    const page = await comes(world, 'ada');
    assert.equal(page.status, 403);
    assert.match(pageText(page), /Your workspace does not exist on this broker yet/);
    assert.match(world.logLines.join(''), /there is no workspace team-c/);
    const [failed] = await eventsIn(world, 'default', 'login.failed');
    assert.equal(failed?.data['detail'], 'there is no workspace team-c', 'in a log that somebody can read');
    await world.store.workspaces.add('team-c');
    assert.match((await comes(world, 'ada')).html, /Hello, ada/);
  });

  test('a claim names it: by its own name, mapped, nested, in a list, or at the userinfo endpoint', async (t) => {
    const plain = await open(t, { workspaceClaim: 'org.unit' });
    await comes(plain, 'ada', { org: { unit: 'team-a' } });
    await comes(plain, 'bob', { 'org.unit': ['team-b', 'unknown-here', 'TEAM-A', ''] });
    idp.userinfo = { org: { unit: 'team-b' } };
    await comes(plain, 'eve');
    assert.deepEqual([await namesIn(plain, 'team-a'), await namesIn(plain, 'team-b')], [['ada'], ['bob', 'eve']]);

    const mapping = { 'Team A': 'team-a', 'cn=b': 'team-b' };
    const mapped = await open(t, { workspaceClaim: 'groups', workspaceMapping: mapping });
    await comes(mapped, 'ada', { groups: ['platform', 'Team A'] });
    await comes(mapped, 'bob', { groups: ['cn=b'] });
    assert.equal((await comes(mapped, 'eve', { groups: ['team-a'] })).status, 403, 'a name that is not mapped is none');
    assert.equal((await comes(mapped, 'eve', { groups: ['constructor'] })).status, 403);
    assert.deepEqual([await namesIn(mapped, 'team-a'), await namesIn(mapped, 'team-b')], [['ada'], ['bob']]);
    assert.deepEqual(await namesIn(mapped, 'default'), []);
  });

  const unclear: Record<string, { claim: unknown; says: RegExp; evenWithFallback?: boolean }> = {
    'no claim': { claim: undefined, says: /Corp ID does not say to which workspace you belong/ },
    'an empty claim': { claim: '', says: /does not say/ },
    'an unknown workspace': { claim: 'nowhere', says: /names no workspace of this broker for you/ },
    'a name in other letters': { claim: 'Team-A', says: /names no workspace/ },
    'two workspaces': { claim: ['team-a', 'team-b'], says: /more than one workspace/, evenWithFallback: true },
    'a number': { claim: 7, says: /in a form that this broker does not know/, evenWithFallback: true },
    'an object': { claim: { name: 'team-a' }, says: /in a form/, evenWithFallback: true },
    'a list with more than names': { claim: ['team-a', 7], says: /in a form/, evenWithFallback: true },
    'a huge name': { claim: 'a'.repeat(200_000), says: /in a form/, evenWithFallback: true },
    'a huge list': { claim: Array(2_001).fill('team-a'), says: /in a form/, evenWithFallback: true },
  };
  test('a person for whom the IdP names no workspace, an unknown one, two, or nonsense stays out, by name in the log', async (t) => {
    const world = await open(t, { workspaceClaim: 'unit' });
    for (const [what, { claim, says }] of Object.entries(unclear)) {
      const page = await comes(world, 'ada', { unit: claim });
      assert.equal(page.status, 403, what);
      assert.match(pageText(page), says, what);
      const [failed] = await eventsIn(world, 'default', 'login.failed');
      assert.deepEqual([failed?.data['reason'], failed?.data['called_name']], ['workspace', 'ada'], what);
      assert.ok(JSON.stringify(failed).length < 2_000, what);
    }
    for (const workspace of ['default', 'team-a', 'team-b']) assert.deepEqual(await namesIn(world, workspace), []);
  });

  test('with a workspace for the others, those who are told none or an unknown one are there; nonsense stays out', async (t) => {
    const world = await open(t, { workspaceClaim: 'unit', workspace: 'team-b' });
    for (const [what, { claim, evenWithFallback = false }] of Object.entries(unclear)) {
      const page = await comes(world, `p${what.length}-${what.replaceAll(' ', '-')}`, { unit: claim });
      assert.equal(page.status, evenWithFallback ? 403 : 200, what);
    }
    await comes(world, 'ada', { unit: 'team-a' });
    assert.deepEqual(await namesIn(world, 'team-a'), ['ada']);
    assert.equal((await namesIn(world, 'team-b')).length, 4);
    assert.deepEqual(await namesIn(world, 'default'), []);
  });

  test('a person who is known in one workspace does not come into another, and the log of that one says so', async (t) => {
    const world = await open(t, { workspaceClaim: 'unit' });
    const browser = createPageBrowser(world.origin);
    await comes(world, 'ada', { unit: 'team-a' });
    const page = await comes(world, 'ada', { unit: 'team-b' });
    assert.equal(page.status, 403);
    assert.match(pageText(page), /You belong to another workspace of this broker/);
    assert.doesNotMatch(page.html, /team-a/);
    const [failed] = await eventsIn(world, 'team-b', 'login.failed');
    assert.deepEqual([failed?.data['reason'], failed?.data['called_name']], ['elsewhere', 'ada']);
    assert.doesNotMatch(JSON.stringify(failed), /team-a/, 'nothing of one workspace in the log of another');
    assert.match(world.logLines.join(''), /known in the workspace team-a/);
    assert.deepEqual(await namesIn(world, 'team-b'), []);
    await world.identity.users.disable('team-a', 'ada', HOST);
    assert.equal((await comes(world, 'ada', { unit: 'team-b' })).status, 403, 'disabled there is known there');
    await world.identity.users.remove('team-a', 'ada', HOST);
    idp.claims = { ...idp.claims, unit: 'team-b' };
    const sent = await browser.open('/login/idp');
    assert.match((await browser.open(await callbackOf(sent))).html, /Hello, ada/, 'once she is removed there');
  });

  test('a person is let in although somebody in another workspace has the same name or address', async (t) => {
    const world = await open(t, { workspaceClaim: 'unit' });
    await world.identity.users.add('team-b', { name: 'ada', email: 'ada@CORP.example' }, HOST);
    const squatter = { userName: 'ada@corp.example', email: 'ada@corp.example' };
    await world.identity.provisioning.people.add('team-b', { ...squatter, userName: 'Ada@corp.example2' }, HOST);
    assert.match((await comes(world, 'ada', { unit: 'team-a' })).html, /Hello, ada/);
    assert.match(
      world.logLines.join(''),
      /also somebody's in another workspace.*team-b|team-b.*also somebody's in another/,
    );
    assert.equal((await world.identity.users.show('team-a', 'ada')).email, 'ada@corp.example');
    assert.equal(
      (await comes(world, 'ada', { unit: 'team-b' })).status,
      403,
      'whom the provider brought to one is of that',
    );
  });

  test('an address that the provider has not verified is nobody’s: it keeps nobody out and nothing goes by it', async (t) => {
    const world = await open(t, { workspace: 'team-a', justInTime: true });
    const people = world.identity.provisioning.people;
    await comes(world, 'mallory', { email: 'ada@corp.example', email_verified: false });
    await comes(world, 'mallory', { email: 'ada@corp.example', email_verified: false });
    assert.equal((await world.identity.users.show('team-a', 'mallory')).email, null);
    assert.deepEqual(await people.find('team-a', { by: 'userName', value: 'ada@corp.example' }), []);
    const ada = await people.add('team-a', { userName: 'ada@corp.example', email: 'ada@corp.example' }, HOST);
    assert.match((await comes(world, 'ada')).html, /Hello, ada/);
    assert.deepEqual(await namesIn(world, 'team-a'), ['ada', 'mallory']);
    const { id } = await world.identity.users.show('team-a', 'ada');
    assert.equal(id, ada.id, 'SCIM’s ada');
    const trusting = await open(t, { workspace: 'team-a', trustEmail: true });
    await comes(trusting, 'grace', { email_verified: undefined });
    assert.equal((await trusting.identity.users.show('team-a', 'grace')).email, 'grace@corp.example');
  });

  test('a second person with the address, who has an identity at the IdP already, does not stand in the way', async (t) => {
    const world = await open(t, { workspace: 'team-a', justInTime: false, linkByEmail: true });
    await world.identity.users.add('team-a', { name: 'first', email: 'first@corp.example' }, HOST);
    await comes(world, 'first');
    await world.identity.users.add('team-a', { name: 'ada', email: 'ada@corp.example' }, HOST);
    const { id } = await world.identity.users.show('team-a', 'first');
    await world.store.users.setEmail(id, 'ada@corp.example');
    assert.match((await comes(world, 'ada')).html, /Hello, ada/);
  });

  test('a logout token ends the sessions of people in whatever workspace', async (t) => {
    const world = await open(t, { workspace: 'team-b' });
    idp.claims = { sub: 'sub-ada', preferred_username: 'ada' };
    const browser = createPageBrowser(world.origin);
    await signInAt(idp.issuer, browser);
    const body = new URLSearchParams({ logout_token: await idp.logoutToken({ sub: 'sub-ada' }) });
    const url = `${world.origin}/oauth/idp/backchannel-logout`;
    assert.equal((await fetch(url, { method: 'POST', body })).status, 200);
    assert.doesNotMatch((await browser.open('/')).html, /Hello, /);
    assert.equal((await eventsIn(world, 'team-b', 'logout'))[0]?.subject, 'user:ada');
  });
});
