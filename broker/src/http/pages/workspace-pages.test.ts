// The sign-in page once there is more than one workspace: it asks where one belongs, and the link of a device fills that in.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { fastify } from 'fastify';
import { systemClock } from 'mcpgate-shared/clock';
import { createIdentityWorld, HOST, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { createPages } from './create-pages.ts';
import { createPageBrowser } from './fixtures/page-browser.ts';

const PASSWORD = 'seven quiet otters';
const pathOf = (url: string): string => new URL(url).pathname + new URL(url).search;
const FIELD = /<input\s+id="workspace"[^>]*>/;

suite('the sign-in page with workspaces', () => {
  let world: IdentityWorld;
  before(async () => {
    world = await createIdentityWorld({
      async serve({ identity, publicUrl }) {
        const app = fastify();
        await app.register(createPages({ identity, publicUrl, clock: systemClock }));
        await app.ready();
        return (request, response) => app.routing(request, response);
      },
    });
  });
  after(() => world.close());

  test('asks for no workspace while there is one, and then leads each to their own', async () => {
    const browser = createPageBrowser(world.origin);
    assert.doesNotMatch((await browser.open('/login')).html, FIELD);
    await world.store.workspaces.add('team-b');
    for (const workspace of ['default', 'team-b']) {
      await world.identity.users.add(workspace, { name: 'ada' }, HOST);
      const link = await world.identity.users.link(workspace, 'ada', HOST);
      const password = `${PASSWORD} of ${workspace}`;
      const visitor = createPageBrowser(world.origin);
      await visitor.submit(await visitor.open(pathOf(link.url)), { password, repeat: password });
    }
    assert.match((await browser.open('/login')).html.match(FIELD)?.[0] ?? '', /value="default"/);

    const started = await world.device().start({ workspace: 'team-b' });
    const uri = started['verification_uri_complete'];
    assert.ok(typeof uri === 'string');
    const page = await browser.open(pathOf(uri));
    assert.match(page.html.match(FIELD)?.[0] ?? '', /value="team-b"/, 'the link fills it in');
    const fields = { workspace: 'team-b', name: 'ada', password: `${PASSWORD} of team-b` };
    assert.equal((await browser.submit(page, { ...fields, workspace: 'default' })).status, 401);
    const device = await browser.submit(await browser.open(pathOf(uri)), fields);
    assert.match(device.html, /Connect this device\?/);

    const other = createPageBrowser(world.origin);
    const login = { workspace: 'default', name: 'ada', password: `${PASSWORD} of default` };
    const elsewhere = await other.submit(await other.open(pathOf(uri)), login);
    assert.equal(elsewhere.status, 403);
    assert.match(elsewhere.html, /asks for the workspace “team-b”/);
  });
});
