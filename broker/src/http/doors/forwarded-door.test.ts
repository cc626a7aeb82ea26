// Into which workspace a reverse proxy puts the people whom it signs in.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fastify } from 'fastify';
import { systemClock } from 'mcpgate-shared/clock';
import { createIdentityWorld, HOST } from '../../identity/fixtures/identity-world.ts';
import type { ForwardedSettings } from '../../identity/idp/forwarded-people.ts';
import { createForwardedDoor } from './forwarded-door.ts';
import { createPages } from '../pages/create-pages.ts';
import { createPageBrowser } from '../pages/fixtures/page-browser.ts';

async function open(t: TestContext, more: Partial<ForwardedSettings> = {}) {
  const nothing = { justInTime: true, asksForWorkspace: false, workspace: undefined, workspaceMapping: undefined };
  const settings = { ...nothing, ...more };
  const world = await createIdentityWorld({
    forwarded: settings,
    async serve({ identity, audit, publicUrl }) {
      const people = identity.forwarded ?? assert.fail();
      const forwarded = createForwardedDoor({
        from: ['127.0.0.1'],
        userHeader: 'x-forwarded-user',
        groupsHeader: undefined,
        emailHeader: undefined,
        workspaceHeader: settings.asksForWorkspace ? 'x-forwarded-workspace' : undefined,
        people,
        audit,
      });
      const app = fastify();
      await app.register(createPages({ identity, publicUrl, clock: systemClock, forwarded }));
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
  });
  t.after(() => world.close());
  for (const name of ['team-a', 'team-b']) await world.store.workspaces.add(name);
  return {
    ...world,
    async comes(user: string, workspace?: string | readonly string[]) {
      const headers = new Headers({ 'x-forwarded-user': user });
      if (typeof workspace === 'string') headers.set('x-forwarded-workspace', workspace);
      const response = await fetch(`${world.origin}/`, { headers });
      return { status: response.status, html: await response.text() };
    },
    namesIn: async (workspace: string) => (await world.identity.users.list(workspace)).map(({ name }) => name),
    async rejectedIn(workspaceId: string) {
      await world.audit.flush();
      return (await world.audit.searchEvents({ workspaceId, type: 'auth.rejected', limit: 20 })).map(
        ({ data }) => data,
      );
    },
  };
}

test('all whom the proxy names are in the configured workspace, and a header that nobody asked for is none', async (t) => {
  const world = await open(t, { workspace: 'team-b' });
  assert.match((await world.comes('ada', 'team-a')).html, /Hello, ada/);
  assert.deepEqual([await world.namesIn('team-b'), await world.namesIn('team-a')], [['ada'], []]);
  const plain = await open(t);
  await plain.comes('ada', 'team-a');
  assert.deepEqual(await plain.namesIn('default'), ['ada']);
});

test('a header names it, mapped or not; none, an unknown one, two and a huge one let nobody in', async (t) => {
  const world = await open(t, { asksForWorkspace: true, workspaceMapping: { 'Team A': 'team-a', B: 'team-b' } });
  assert.match((await world.comes('ada', 'Team A')).html, /Hello, ada/);
  assert.match((await world.comes('bob@corp.example', 'staff, B')).html, /Hello, bob/);
  assert.match((await world.comes('ada', 'Team A')).html, /Hello, ada/, 'and again');
  const before = (await world.rejectedIn('default')).length;
  for (const workspace of [undefined, '', ' , ', 'team-a', 'C', 'Team A,B', 'B'.repeat(9_000)]) {
    const { status, html } = await world.comes('eve', workspace);
    assert.equal(status, 403, workspace);
    assert.match(html, /workspace/, workspace);
  }
  const reasons = (await world.rejectedIn('default')).slice(before).map(({ reason }) => reason);
  assert.deepEqual(reasons, Array(7).fill('workspace'));
  assert.deepEqual(
    [await world.namesIn('team-a'), await world.namesIn('team-b'), await world.namesIn('default')],
    [['ada'], ['bob'], []],
  );
});

test('whom the proxy has brought to one workspace does not come into another by a header', async (t) => {
  const world = await open(t, { asksForWorkspace: true, workspace: 'team-b' });
  await world.identity.users.add('team-a', { name: 'local' }, HOST);
  for (const name of ['ada', 'bob@corp.example', 'local']) {
    assert.equal((await world.comes(name, 'team-a')).status, 200, name);
    const { status, html } = await world.comes(name, 'team-b');
    assert.deepEqual([status, /You belong to another workspace/.test(html)], [403, true], name);
    assert.equal((await world.comes(name, 'nowhere')).status, 403, 'nor by way of the others’ one');
    assert.equal((await world.comes(name, 'team-a')).status, 200, name);
  }
  assert.deepEqual(await world.namesIn('team-b'), []);
  const [rejected] = await world.rejectedIn('team-b');
  assert.equal(rejected?.['reason'], 'elsewhere');
  assert.doesNotMatch(JSON.stringify(rejected), /team-a/);

  await world.identity.users.add('team-b', { name: 'ada' }, HOST);
  assert.equal((await world.comes('ada', 'team-b')).status, 403, 'the proxy’s ada is the one of team-a');
});

test('a person is let in although another workspace has somebody of the same name', async (t) => {
  const world = await open(t, { asksForWorkspace: true });
  await world.identity.users.add('team-b', { name: 'ada', email: 'ada@corp.example' }, HOST);
  assert.match((await world.comes('ada', 'team-a')).html, /Hello, ada/);
  assert.equal(
    (await world.comes('ada', 'team-b')).status,
    403,
    'two people of one name, and the proxy’s is of team-a',
  );
  const { id } = await world.identity.users.show('team-b', 'ada');
  assert.deepEqual(await world.store.externalIdentities.issuersOf(id), []);
});

test('the first form of a browser without any cookie can be sent', async (t) => {
  const world = await open(t);
  const browser = createPageBrowser(world.origin);
  const headers = { 'x-forwarded-user': 'ada' };
  const { html } = await browser.post('/device', undefined, headers);
  const token = /action="\/device".*?name="_csrf" value="([^"]+)"/s.exec(html)?.[1] ?? '';
  const answer = await browser.post('/device', { _csrf: token, typed_code: 'BCDF-GHJK' }, headers);
  assert.equal(answer.status, 404, 'no such code, and not a form that is out of date');
});
