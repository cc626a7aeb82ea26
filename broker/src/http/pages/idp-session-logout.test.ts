// A logout token that names a session at the company's IdP (`sid`): what came from that session ends, and what came from another stays.
import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { startCrookedIdp, type CrookedIdp } from '../../identity/idp/fixtures/crooked-idp.ts';
import { HOST, WORKSPACE } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld, REDIRECT } from './fixtures/consent-world.ts';
import { idpSettingsFor, signInAt } from './fixtures/idp-world.ts';
import { createPageBrowser } from './fixtures/page-browser.ts';

type World = Awaited<ReturnType<typeof createConsentWorld>>;
type Browser = ReturnType<typeof createPageBrowser>;

suite('a logout token with the session at the IdP', () => {
  let idp: CrookedIdp;
  before(async () => {
    idp = await startCrookedIdp();
  });
  after(() => idp.stop());

  const open = async (t: TestContext, more: Partial<IdpSettings> = {}): Promise<World> => {
    const world = await createConsentWorld({ idp: { ...idpSettingsFor(idp.issuer), ...more } });
    t.after(() => world.close());
    return world;
  };
  const signIn = async (world: World, name: string, sid?: unknown): Promise<Browser> => {
    idp.claims = { sub: `sub-${name}`, preferred_username: name, ...(sid !== undefined && { sid }) };
    const browser = createPageBrowser(world.origin);
    assert.match((await signInAt(idp.issuer, browser)).html, new RegExp(`Hello, ${name}`));
    return browser;
  };
  const isSignedIn = async (browser: Browser): Promise<boolean> => /Hello, /.test((await browser.open('/')).html);
  /** A laptop that is connected on the device page, in this browser. */
  const connect = async (world: World, browser: Browser, laptop = world.device()) => {
    const started = await laptop.start();
    const code = started.user_code ?? '';
    const page = await browser.open(`/device?user_code=${code}`);
    assert.match((await browser.submit(page, { decision: 'approve', typed_code: code })).html, /is connected/);
    return { laptop, tokens: await laptop.poll(started.device_code) };
  };
  /** An application that is let in, in this browser. */
  const letIn = async (world: World, browser: Browser) => {
    const client = world.login((await world.register()).clientId);
    const back = await browser.submit(await browser.open(client.path()), { decision: 'approve' });
    assert.ok(back.url.startsWith(REDIRECT));
    return client.fetch(new URL(back.url).searchParams.get('code') ?? '');
  };
  const isIn = async (world: World, token: string | undefined, door: 'tunnel' | 'mcp') =>
    (await world.identity.authenticate(token, door)).kind === 'ok';
  const tell = async (world: World, claims: Record<string, unknown>): Promise<number> => {
    const body = new URLSearchParams({ logout_token: await idp.logoutToken(claims) });
    return (await fetch(`${world.origin}/oauth/idp/backchannel-logout`, { method: 'POST', body })).status;
  };

  test('without `sub` it ends the browser sessions of that session alone', async (t) => {
    const world = await open(t);
    const [hers, second, elsewhere] = [
      await signIn(world, 'ada', 's-1'),
      await signIn(world, 'ada', 's-1'),
      await signIn(world, 'ada', 's-2'),
    ];
    const his = await signIn(world, 'bob', 's-3');
    const laptop = await connect(world, hers);
    assert.equal(await tell(world, { sid: 's-1' }), 200);
    const all = [hers, second, elsewhere, his];
    assert.deepEqual(await Promise.all(all.map(isSignedIn)), [false, false, true, true]);
    assert.ok(await isIn(world, laptop.tokens.access_token, 'tunnel'), 'devices stay unless they are to end');
    const [event] = await world.events('logout');
    assert.deepEqual([event?.subject, event?.data['browser_sessions']], ['user:ada', 2]);
    assert.equal(await tell(world, { sid: 'unknown here' }), 200, 'what the IdP wants is so already');
    assert.equal((await world.events('logout')).length, 1);
  });

  test('with `sub` beside it the person’s sessions of which nothing is known end too, those of another session do not', async (t) => {
    const world = await open(t);
    const browsers = [
      await signIn(world, 'ada', 's-1'),
      await signIn(world, 'ada', 's-2'),
      await signIn(world, 'ada'),
      await signIn(world, 'ada', 7),
      await signIn(world, 'bob', 's-1'),
    ];
    assert.equal(await tell(world, { sub: 'sub-ada', sid: 's-1' }), 200);
    assert.deepEqual(await Promise.all(browsers.map(isSignedIn)), [false, true, false, false, true]);
    assert.equal(await tell(world, { sub: 'sub-ada' }), 200);
    assert.equal(await isSignedIn(browsers[1] ?? assert.fail()), false, 'without sid all of the person’s end');
  });

  test('with `logout_ends: devices` what was let in from that session ends, with receipts, and the rest stays', async (t) => {
    const world = await open(t, { logoutEnds: 'devices' });
    const [one, two] = [await signIn(world, 'ada', 's-1'), await signIn(world, 'ada', 's-2')];
    const [first, second] = [await connect(world, one), await connect(world, two)];
    const [app, other] = [await letIn(world, one), await letIn(world, two)];
    const host = await world.logIn('ada', world.device('by the host'));
    const isLive = () =>
      Promise.all([
        isIn(world, first.tokens.access_token, 'tunnel'),
        isIn(world, app.access, 'mcp'),
        isIn(world, second.tokens.access_token, 'tunnel'),
        isIn(world, other.access, 'mcp'),
        isIn(world, host.tokens.access_token, 'tunnel'),
      ]);
    assert.deepEqual(await isLive(), [true, true, true, true, true]);
    assert.equal(await tell(world, { sid: 's-1' }), 200);
    assert.deepEqual(await isLive(), [false, false, true, true, true]);
    assert.equal((await first.laptop.refresh(first.tokens.refresh_token)).error, 'invalid_grant');
    assert.equal((await world.events('device.revoked')).length, 1);
    assert.equal((await world.events('session.ended')).length, 1);
    assert.deepEqual([await isSignedIn(one), await isSignedIn(two)], [false, true]);
    assert.equal(await tell(world, { sub: 'sub-ada', sid: 's-3' }), 200);
    assert.deepEqual(await isLive(), [false, false, false, false, false], 'a person who is named loses all of them');
  });

  test('a browser session that has ended by then still tells what was let in from it, until the laptop logs in anew', async (t) => {
    const world = await open(t, { logoutEnds: 'devices' });
    const browser = await signIn(world, 'ada', 's-1');
    const [gone, moved] = [await connect(world, browser), world.device('another')];
    await connect(world, browser, moved);
    await browser.submit(await browser.open('/logout'), {});
    const [, known] = await world.identity.devices.list(WORKSPACE);
    const started = await moved.start({ device_id: known?.id ?? '' });
    await world.identity.approveDevice(WORKSPACE, started.user_code ?? '', 'ada', HOST);
    const again = await moved.poll(started.device_code);
    assert.equal(await tell(world, { sid: 's-1' }), 200);
    assert.equal(await isIn(world, gone.tokens.access_token, 'tunnel'), false);
    assert.ok(await isIn(world, again.access_token, 'tunnel'));
  });

  test('a device that was let in while its session ended does not stay', async (t) => {
    const world = await open(t, { logoutEnds: 'devices' });
    const browser = await signIn(world, 'ada', 's-1');
    const cookie = browser.jar.get('mcpgate') ?? assert.fail();
    const { deviceId, tokens } = await world.logIn('ada');
    assert.equal(await tell(world, { sid: 's-1' }), 200);
    assert.ok(await isIn(world, tokens.access_token, 'tunnel'));
    const { id: userId } = await world.identity.users.show(WORKSPACE, 'ada');
    await world.identity.idp?.letIn(cookie, { what: 'device', id: deviceId, userId }, '127.0.0.1');
    assert.equal(await isIn(world, tokens.access_token, 'tunnel'), false);
    assert.equal((await world.events('device.revoked')).length, 1);
  });

  test('a token that names neither a person nor a session, or has a huge one, is refused', async (t) => {
    const world = await open(t);
    const browser = await signIn(world, 'ada', 's-1');
    for (const claims of [
      {},
      { sid: '' },
      { sid: 'x'.repeat(256) },
      { sid: 's-1', nonce: 'n' },
      { sid: 's-1', events: {} },
    ])
      assert.equal(await tell(world, claims), 400, JSON.stringify(claims).slice(0, 40));
    assert.ok(await isSignedIn(browser));
  });
});
