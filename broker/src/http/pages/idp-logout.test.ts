// Signing out where the company's IdP is: here and there, by way of the browser, and there first, by its own word.
import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { CLIENT, startCrookedIdp, type CrookedIdp } from '../../identity/idp/fixtures/crooked-idp.ts';
import { HOST, WORKSPACE, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld } from './fixtures/consent-world.ts';
import { createIdpWorld, idpSettingsFor, pageText, signInAt } from './fixtures/idp-world.ts';
import { createPageBrowser } from './fixtures/page-browser.ts';

/** Where a page goes on to by itself. */
const goesOnTo = (html: string): URL | undefined => {
  const [, address] = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(html) ?? [];
  return address && URL.canParse(address)
    ? new URL(address.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code))))
    : undefined;
};

suite('signing out with the company’s IdP', () => {
  let idp: CrookedIdp;
  before(async () => {
    idp = await startCrookedIdp();
  });
  after(() => idp.stop());

  const open = async (t: TestContext, more: Partial<IdpSettings> = {}): Promise<IdentityWorld> => {
    const world = await createIdpWorld({ ...idpSettingsFor(idp.issuer), ...more });
    t.after(() => world.close());
    return world;
  };
  const signIn = async (world: IdentityWorld, name: string, more: Record<string, unknown> = {}) => {
    idp.claims = { sub: `sub-${name}`, preferred_username: name, ...more };
    const browser = createPageBrowser(world.origin);
    const home = await signInAt(idp.issuer, browser);
    assert.match(home.html, new RegExp(`Hello, ${name}`));
    return browser;
  };
  const signOut = async (browser: ReturnType<typeof createPageBrowser>) =>
    browser.submit(await browser.open('/logout'), {});

  test('goes on to the IdP with the ID token, which stands in no log and not in the database, and comes back', async (t) => {
    idp.discovery = { end_session_endpoint: `${idp.issuer}/end-session?tenant=a` };
    const world = await open(t, { endSession: true });
    const browser = await signIn(world, 'ada');
    const before = world.databaseText();
    assert.match(
      pageText(await browser.open('/logout')),
      /and the one at Corp ID if you signed in there; your devices stay/,
    );
    const page = await signOut(browser);
    assert.equal(page.status, 200);
    assert.match(pageText(page), /You are signed out here It goes on to Corp ID/);
    assert.match(page.headers.get('cache-control') ?? '', /no-store/);
    assert.match(page.headers.get('referrer-policy') ?? '', /no-referrer/);
    assert.doesNotMatch((await browser.open('/')).html, /Hello, /, 'signed out here before anything else');
    const there = goesOnTo(page.html) ?? assert.fail(page.html);
    const { tenant, id_token_hint: hint = '', ...rest } = Object.fromEntries(there.searchParams);
    assert.equal(tenant, 'a');
    assert.deepEqual(rest, { client_id: CLIENT.id, post_logout_redirect_uri: `${world.publicUrl}/logout` });
    const [, claims = ''] = hint.split('.');
    assert.equal(Object(JSON.parse(Buffer.from(claims, 'base64url').toString()))['sub'], 'sub-ada');
    const back = await fetch(there, { redirect: 'manual' });
    assert.deepEqual([idp.ended.length, back.headers.get('location')], [1, `${world.publicUrl}/logout`]);
    assert.match(pageText(await browser.open('/logout')), /Sign in With your account/);

    await world.audit.flush();
    const events = JSON.stringify(await world.audit.searchEvents({ workspaceId: WORKSPACE, limit: 100 }));
    for (const text of [before, world.databaseText(), world.logLines.join(''), events])
      assert.ok(!text.includes(hint) && !text.includes(claims));
  });

  test('ends here alone for a password, for an IdP without the place or with one without TLS, and unless asked for', async (t) => {
    idp.discovery = { end_session_endpoint: `${idp.issuer}/end-session` };
    const plain = await open(t);
    assert.equal((await signOut(await signIn(plain, 'ada'))).url, '/login', 'not asked for');

    const world = await open(t, { endSession: true });
    await world.identity.users.add(WORKSPACE, { name: 'local' }, HOST);
    const link = new URL((await world.identity.users.link(WORKSPACE, 'local', HOST)).url);
    const browser = createPageBrowser(world.origin);
    const password = 'seven quiet otters';
    await browser.submit(await browser.open(link.pathname + link.search), { password, repeat: password });
    assert.equal((await signOut(browser)).url, '/login', 'a password');

    for (const discovery of [{}, { end_session_endpoint: 'http://idp.corp.example/logout' }]) {
      idp.discovery = discovery;
      const other = await open(t, { endSession: true });
      const ada = await signIn(other, 'ada');
      assert.equal((await signOut(ada)).url, '/login');
      assert.doesNotMatch((await ada.open('/')).html, /Hello, /);
    }
  });

  test('an ID token that is too long for an address is left out, and the IdP asks by itself', async (t) => {
    idp.discovery = { end_session_endpoint: `${idp.issuer}/end-session` };
    const world = await open(t, { endSession: true });
    const browser = await signIn(world, 'ada', { picture: 'x'.repeat(5_000) });
    const there = goesOnTo((await signOut(browser)).html);
    assert.deepEqual([...(there?.searchParams.keys() ?? [])].toSorted(), ['client_id', 'post_logout_redirect_uri']);
  });

  const tell = async (world: { origin: string }, token: string): Promise<number> => {
    const body = new URLSearchParams({ logout_token: token });
    return (await fetch(`${world.origin}/oauth/idp/backchannel-logout`, { method: 'POST', body })).status;
  };

  for (const [logoutEnds, stays] of [
    ['sessions', true],
    ['devices', false],
  ] as const) {
    test(`a logout at the IdP, with \`logout_ends: ${logoutEnds}\`: devices ${stays ? 'stay' : 'are revoked, with receipts'}`, async (t) => {
      const world = await open(t, { logoutEnds });
      const [browser, bystander] = [await signIn(world, 'ada'), await signIn(world, 'bob')];
      const [hers, second] = [await world.logIn('ada'), await world.logIn('ada', world.device('second'))];
      const his = await world.logIn('bob');
      const isIn = async ({ tokens }: typeof hers) =>
        (await world.identity.authenticate(tokens.access_token, 'tunnel')).kind === 'ok';
      assert.match(pageText(await browser.open('/logout')), /session; your devices stay connected/);
      const token = await idp.logoutToken({ sub: 'sub-ada' });
      assert.equal(await tell(world, token), 200);
      assert.doesNotMatch((await browser.open('/')).html, /Hello, /);
      assert.deepEqual([await isIn(hers), await isIn(second)], [stays, stays]);
      const refreshed = (await hers.laptop.refresh(hers.tokens.refresh_token)).error;
      assert.equal(refreshed, stays ? undefined : 'invalid_grant');
      assert.ok(await isIn(his));
      assert.match((await bystander.open('/')).html, /Hello, bob/);

      const actor = `idp:${new URL(idp.issuer).host}`;
      const [logout] = await world.events('logout');
      assert.deepEqual([logout?.actor, logout?.data['browser_sessions'], logout?.data['ends']], [actor, 1, logoutEnds]);
      const receipts = await world.events('device.revoked');
      assert.deepEqual(
        new Set(receipts.map(({ subject }) => subject)),
        new Set(stays ? [] : [hers, second].map(({ deviceId }) => `device:${deviceId}`)),
      );
      assert.ok(receipts.every((event) => event.actor === actor && Number(event.data['tokens_revoked']) >= 2));
      const again = await world.logIn('ada', world.device('third'));
      assert.equal(await tell(world, token), 400, 'replayed');
      assert.ok(await isIn(again));
    });
  }

  test('with `devices` the applications that the person has let in end too', async (t) => {
    const world = await createConsentWorld({ idp: { ...idpSettingsFor(idp.issuer), logoutEnds: 'devices' } });
    t.after(() => world.close());
    const [hers, his] = [await world.connected(), await world.connected()];
    const { id: userId } = await world.identity.users.show(WORKSPACE, hers.person.name);
    await world.store.externalIdentities.link({ workspaceId: WORKSPACE, issuer: idp.issuer, subject: 's', userId });
    assert.equal(await tell(world, await idp.logoutToken({ sub: 's' })), 200);
    assert.equal((await world.identity.authenticate(hers.tokens.access, 'mcp')).kind, 'rejected');
    assert.equal((await hers.client.refresh(hers.tokens.refresh)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(his.tokens.access, 'mcp')).kind, 'ok');
    const [ended] = await world.events('session.ended');
    assert.deepEqual([ended?.actor, ended?.data['user']], [`idp:${new URL(idp.issuer).host}`, hers.person.name]);
  });

  test('a device that could not be cut off does not keep the others, and the IdP may send its token again', async (t) => {
    const world = await open(t, { logoutEnds: 'devices' });
    await signIn(world, 'ada');
    await world.logIn('ada');
    const second = await world.logIn('ada', world.device('second'));
    const stop = world.identity.onRevoked(() => Promise.reject(new Error('the link does not close')));
    const token = await idp.logoutToken({ sub: 'sub-ada' });
    assert.equal(await tell(world, token), 500);
    assert.equal((await world.events('device.revoked')).length, 2);
    assert.equal((await world.identity.authenticate(second.tokens.access_token, 'tunnel')).kind, 'rejected');
    stop();
    assert.equal(await tell(world, token), 200);
    assert.equal(await tell(world, token), 400);
  });
});
