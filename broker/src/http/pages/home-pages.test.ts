// The page of somebody who is signed in: the applications that they have let in, and the end of one.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Revocation } from '../../domain/people/revocation.ts';
import { HOST, WORKSPACE } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld } from './fixtures/consent-world.ts';
import { pageText } from './fixtures/idp-world.ts';

suite('applications on the home page', () => {
  let world: Awaited<ReturnType<typeof createConsentWorld>>;
  before(async () => {
    world = await createConsentWorld();
  });
  after(() => world.close());

  const idsOf = async (user: string): Promise<string[]> =>
    (await world.identity.sessions.list(WORKSPACE, { user }))
      .filter(({ kind }) => kind === 'oauth')
      .map(({ id }) => id);

  test('are listed with name, access, beginning and last use; what they say of themselves stays text', async () => {
    const { person, clientId } = await world.connected({ client_name: '<b>Pain</b>ter & Co' });
    const bound = world.login(clientId);
    await person.decide(bound.path({ resource: `${world.publicUrl}/mcp/notes` }), 'approve');
    const page = await person.browser.open('/');
    assert.match(page.html, /&#60;b&#62;Pain|&lt;b&gt;Pain/);
    assert.doesNotMatch(page.html, /<b>Pain/);
    const text = pageText(page);
    assert.match(text, /all servers · scope mcp · 127\.0\.0\.1 connected just now used just now Disconnect/);
    assert.match(text, /only the server notes · scope mcp/);
    assert.doesNotMatch(page.html, /<script/);
    const nobody = await world.personAtBrowser();
    assert.match(pageText(await nobody.browser.open('/')), /Connected applications None\. /);
  });

  test('are disconnected at once with a button, which is in the log, and others stay', async (t) => {
    const { person, clientId, client, tokens } = await world.connected();
    const other = await world.connected();
    assert.equal((await world.identity.authenticate(tokens.access, 'mcp')).kind, 'ok');
    const revoked: Revocation[] = [];
    t.after(
      world.identity.onRevoked((revocation) => {
        revoked.push(revocation);
        return Promise.resolve({ linksClosed: 2, callsCancelled: 1 });
      }),
    );
    const [id = ''] = await idsOf(person.name);
    const page = await person.browser.open('/');
    const done = await person.browser.submit(page, {});
    assert.equal(done.status, 200);
    assert.match(pageText(done), /Painter has no access any more/);
    assert.equal((await world.identity.authenticate(tokens.access, 'mcp')).kind, 'rejected');
    assert.equal((await client.refresh(tokens.refresh)).error, 'invalid_grant');
    assert.deepEqual(
      revoked.map(({ kind, id: ended }) => [kind, ended]),
      [['grant', id]],
    );
    const [event] = await world.events('session.ended');
    assert.deepEqual(
      [event?.actor, event?.subject, event?.address, event?.data['client'], event?.data['links_closed']],
      [person.name, `session:${id}`, '127.0.0.1', 'Painter', 2],
    );
    assert.equal((await world.identity.authenticate(other.tokens.access, 'mcp')).kind, 'ok');
    assert.doesNotMatch((await person.browser.open('/')).html, /Disconnect/);
    const again = await person.browser.submit(page, {});
    assert.equal(again.status, 410);
    assert.match(pageText(again), /was disconnected already/);
    const anew = await person.decide(world.login(clientId).path(), 'approve');
    assert.ok(anew.get('code'), 'it may ask again');
  });

  test('a person cannot disconnect the application of another, by its id or its beginning, nor a device or browser by it, nor any without the form’s token', async () => {
    const [hers, his] = [await world.connected(), await world.connected()];
    await world.logIn(his.person.name);
    const page = await hers.person.browser.open('/');
    const sessions = await world.identity.sessions.list(WORKSPACE);
    const own = await idsOf(hers.person.name);
    for (const { id } of sessions.filter((session) => !own.includes(session.id))) {
      assert.equal((await hers.person.browser.submit(page, { id })).status, 410, id);
    }
    for (const id of [own[0]?.slice(0, 12) ?? '', '', 'x'.repeat(500)])
      assert.equal((await hers.person.browser.submit(page, { id })).status, 410, id);
    assert.equal((await hers.person.browser.submit(page, { _csrf: 'forged' })).status, 403);
    const headers = { 'sec-fetch-site': 'cross-site' };
    const stolen = await hers.person.browser.post('/applications', { id: own[0] ?? '' }, headers);
    assert.equal(stolen.status, 403);
    assert.equal((await world.identity.sessions.list(WORKSPACE)).length, sessions.length);

    hers.person.browser.jar.delete('mcpgate');
    assert.match((await hers.person.browser.submit(page, {})).url, /^\/login/, 'signed out');
    assert.equal((await world.identity.authenticate(hers.tokens.access, 'mcp')).kind, 'ok');
    await world.identity.users.disable(WORKSPACE, his.person.name, HOST);
    assert.deepEqual(await idsOf(his.person.name), []);
  });
});
