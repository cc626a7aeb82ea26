// Signing in at the company's IdP, through the pages: the way there and back, and everything that must not let anybody in.
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { SignJWT, type JWTPayload } from 'jose';
import { until } from 'mcpgate-test/world/until';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { CLIENT, startCrookedIdp, type CrookedIdp } from '../../identity/idp/fixtures/crooked-idp.ts';
import { HOST, WORKSPACE, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { callbackOf, createIdpWorld, idpSettingsFor, pageText, signInAt } from './fixtures/idp-world.ts';
import { createPageBrowser } from './fixtures/page-browser.ts';

suite('signing in at the company’s IdP', () => {
  let idp: CrookedIdp;
  let world: IdentityWorld;
  let settings: IdpSettings;
  before(async () => {
    idp = await startCrookedIdp();
    settings = idpSettingsFor(idp.issuer);
    world = await createIdpWorld(settings);
  });
  afterEach(() => {
    idp.bend = (claims) => claims;
    idp.foreignKey = false;
    idp.userinfo = {};
    idp.authorizationError = undefined;
    idp.tokenStatus = undefined;
    idp.aheadMs = 0;
    idp.discovery = {};
  });
  after(async () => {
    await world.close();
    await idp.stop();
  });

  let count = 0;
  /** Somebody new at the IdP signs in. */
  const someone = (more: JWTPayload = {}): string => {
    const name = `person${++count}`;
    const address = { email: `${name}@corp.example`, email_verified: true };
    idp.claims = { sub: `sub-${name}`, preferred_username: name, ...address, ...more };
    return name;
  };
  const signIn = (browser = createPageBrowser(world.origin), way?: string) => signInAt(idp.issuer, browser, way);
  const userNamed = async (name: string) =>
    (await world.identity.users.list(WORKSPACE)).find((user) => user.name === name);
  const reasons = async (): Promise<unknown[]> =>
    (await world.events('login.failed')).map(({ data }) => data['reason']);

  test('the sign-in page offers it beside the form, and the first sign-in makes the person with groups and role', async () => {
    const name = someone({ groups: ['platform', 'mcp-audit', 'MCP Strange Name'] });
    const browser = createPageBrowser(world.origin);
    const page = await browser.open('/login');
    assert.match(pageText(page), /Continue with Corp ID .* User name/);
    const home = await signIn(browser);
    assert.match(home.html, new RegExp(`Hello, ${name}`));
    const user = await userNamed(name);
    assert.deepEqual(
      [user?.role, user?.groups, user?.email],
      ['auditor', ['mcp-audit', 'platform'], `${name}@corp.example`],
    );
    const [created] = await world.events('user.created');
    assert.equal(created?.subject, `user:${name}`);
    const [succeeded] = await world.events('login.succeeded');
    assert.deepEqual([succeeded?.actor, succeeded?.data['via']], [name, `idp:${new URL(idp.issuer).host}`]);
  });

  test('the same sub is the same person under every name, and groups, role and address follow each sign-in', async () => {
    const name = someone({ groups: ['platform', 'mcp-admins'] });
    await signIn();
    assert.equal((await userNamed(name))?.role, 'admin');
    idp.claims = { ...idp.claims, preferred_username: 'renamed', email: 'renamed@corp.example', groups: ['data'] };
    const home = await signIn();
    assert.match(home.html, new RegExp(`Hello, ${name}`));
    const user = await userNamed(name);
    assert.deepEqual([user?.role, user?.groups, user?.email], ['member', ['data'], 'renamed@corp.example']);
    assert.equal((await world.events('user.groups_changed'))[0]?.subject, `user:${name}`);
    assert.equal((await world.events('user.role_changed'))[0]?.subject, `user:${name}`);
    assert.equal(await userNamed('renamed'), undefined);
  });

  test('another sub with a name that is taken is another person', async () => {
    const name = someone();
    await signIn();
    idp.claims = { ...idp.claims, sub: 'sub-somebody-else', email: 'else@corp.example' };
    assert.match((await signIn()).html, new RegExp(`Hello, ${name}-2`));
  });

  test('an administrator checks document, keys, clock and client without anybody; each of them says what is wrong with it', async () => {
    const outcomes = async () =>
      ((await world.identity.idp?.trials.check()) ?? []).map(({ check, outcome }) => `${check} ${outcome}`);
    const before = idp.keyRequests;
    assert.deepEqual(await outcomes(), ['document ok', 'keys ok', 'clock ok', 'client ok']);
    assert.equal(idp.keyRequests, before + 1, 'the keys were read anew');
    idp.aheadMs = -90_000;
    idp.tokenStatus = 401;
    const crooked = (await world.identity.idp?.trials.check()) ?? [];
    assert.deepEqual(
      crooked.map(({ outcome }) => outcome),
      ['ok', 'ok', 'failed', 'failed'],
    );
    assert.match(
      crooked.map(({ text }) => text).join('; '),
      /behind ours: sign-ins fail.*does not take the client mcpgate/,
    );
    idp.tokenStatus = 503;
    idp.aheadMs = 20_000;
    assert.deepEqual((await outcomes()).slice(2), ['clock ok', 'client failed']);
    idp.discovery = { issuer: `${idp.issuer}/else` };
    assert.deepEqual(await outcomes(), ['document failed']);
    idp.discovery = {};
    await idp.stop();
    assert.deepEqual(await outcomes(), ['document failed']);
    await idp.start();
  });

  test('a trial shows what a sign-in would bring, signs nobody in, changes nothing, and is recorded; only administrators may', async () => {
    const asked = world.identity.idp?.trials;
    const chief = someone({ groups: ['mcp-admins'] });
    const browser = createPageBrowser(world.origin);
    await signIn(browser);
    const { id = '' } = (await userNamed(chief)) ?? {};
    const known = await world.identity.users.list(WORKSPACE);
    const tries = async () => {
      const page = await signIn(browser, '/login/idp?try=1');
      return { page, outcome: (await asked?.last(id))?.outcome };
    };

    const name = someone({ groups: ['data'] });
    const { page, outcome } = await tries();
    assert.match(page.url, /^\/settings\/sign-in$/);
    assert.ok(outcome?.kind === 'let_in');
    assert.deepEqual(
      [outcome.account, outcome.user, outcome.groups, outcome.role, outcome.missing_claims],
      ['made', name, ['data'], 'member', []],
    );
    idp.claims = { ...idp.claims, sub: `sub-${chief}`, groups: undefined };
    const own = (await tries()).outcome;
    assert.ok(own?.kind === 'let_in');
    assert.deepEqual(
      [own.account, own.user, own.role, own.changes, own.missing_claims],
      ['known', chief, 'member', ['groups', 'role', 'email'], ['groups']],
    );
    idp.bend = (claims) => ({ ...claims, iat: 1, exp: 2 });
    const late = (await tries()).outcome;
    assert.ok(late?.kind === 'refused');
    assert.equal(late.reason, 'clock');
    idp.bend = (claims) => claims;
    idp.tokenStatus = 401;
    const secret = (await tries()).outcome;
    assert.deepEqual([secret?.kind, secret?.kind === 'refused' && secret.reason], ['refused', 'misconfigured']);
    idp.tokenStatus = undefined;

    assert.deepEqual(await world.identity.users.list(WORKSPACE), known, 'nobody was made or changed');
    const events = await world.events('login.tried');
    assert.deepEqual(
      events.map(({ actor, data }) => `${actor} ${String(data['outcome'])} ${String(data['reason'] ?? '')}`).toSorted(),
      [`${chief} known `, `${chief} made `, `${chief} refused clock`, `${chief} refused misconfigured`],
    );

    someone();
    const member = createPageBrowser(world.origin);
    await signIn(member);
    for (const stranger of [member, createPageBrowser(world.origin)]) {
      const no = await stranger.open('/login/idp?try=1');
      assert.deepEqual([no.status, no.url], [403, '/login/idp?try=1']);
    }
    // The browser's session has ended on the way.
    const sent = await browser.open('/login/idp?try=1');
    assert.equal((await world.store.webSessions.removeByUser(id)).length, 1, 'no trial has made a session');
    assert.equal((await browser.open(await callbackOf(sent))).status, 400);
  });

  test('claims that the token leaves out are asked for at the userinfo endpoint', async () => {
    const name = someone();
    const { sub = '' } = idp.claims;
    idp.userinfo = { preferred_username: name, email: `${name}@corp.example`, groups: ['from-userinfo'] };
    idp.claims = { sub };
    await signIn();
    assert.deepEqual((await userNamed(name))?.groups, ['from-userinfo']);
    idp.userinfo = undefined;
    assert.equal((await signIn()).status, 503, 'half of what the IdP says is not enough');
  });

  test('a person who was on the way to a device page ends there, and nobody is led to another site', async () => {
    someone();
    const browser = createPageBrowser(world.origin);
    const started = await world.device().start();
    const login = await browser.open(`/device?user_code=${started.user_code ?? ''}`);
    const [, href = ''] = /class="button full" href="([^"]+)"/.exec(login.html) ?? [];
    const device = await signIn(
      browser,
      href.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code))),
    );
    assert.match(device.html, /Connect this device\?/);
    for (const elsewhere of ['//evil.example/', '/\\evil.example', 'https://evil.example/']) {
      const begun = await world.identity.idp?.start(undefined, elsewhere, { address: '192.0.2.1', userAgent: '' });
      assert.ok(begun?.kind === 'ok');
      const query = new URL(await callbackOf(begun), world.origin).searchParams;
      const visitor = { address: '192.0.2.1', userAgent: '' };
      const finished = await world.identity.idp?.finish(query, begun.browserSecret, visitor);
      assert.equal(finished?.kind === 'ok' && finished.goTo, '/');
    }
  });

  const second = () => Math.floor(Date.now() / 1000);
  const bent: Record<string, { bend: (claims: JWTPayload) => JWTPayload; reason: string }> = {
    'another issuer': { bend: (claims) => ({ ...claims, iss: 'https://idp.evil.example' }), reason: 'token' },
    'another audience': { bend: (claims) => ({ ...claims, aud: 'another-client' }), reason: 'token' },
    'another nonce': { bend: (claims) => ({ ...claims, nonce: 'n' }), reason: 'token' },
    'no nonce': { bend: ({ nonce: _nonce, ...claims }) => claims, reason: 'token' },
    'no sub': { bend: ({ sub: _sub, ...claims }) => claims, reason: 'token' },
    'an end more than a minute ago': { bend: (claims) => ({ ...claims, exp: second() - 75 }), reason: 'clock' },
    'a beginning more than a minute ahead': { bend: (claims) => ({ ...claims, iat: second() + 75 }), reason: 'clock' },
    'a use from more than a minute ahead': { bend: (claims) => ({ ...claims, nbf: second() + 75 }), reason: 'clock' },
  };
  for (const [what, { bend, reason }] of Object.entries(bent)) {
    test(`a token with ${what} lets nobody in`, async () => {
      const name = someone();
      idp.bend = bend;
      const page = await signIn();
      assert.equal(page.status, 502);
      assert.match(pageText(page), /You are not signed in/);
      assert.match(pageText(page), reason === 'clock' ? /clocks .* differ/ : /could not be verified/);
      assert.equal((await reasons())[0], reason);
      assert.equal(await userNamed(name), undefined);
    });
  }

  test('clocks that differ by less than a minute are no trouble', async () => {
    someone();
    idp.bend = (claims) => ({ ...claims, iat: second() - 345, exp: second() - 45 });
    assert.equal((await signIn()).status, 200);
    idp.bend = (claims) => ({ ...claims, iat: second() + 45, nbf: second() + 45 });
    assert.equal((await signIn()).status, 200);
  });

  test('keys that the IdP has changed are fetched; a key that is not among them lets nobody in', async () => {
    const name = someone();
    assert.equal((await signIn()).status, 200);
    await idp.rotateKeys();
    // Asked for at most once a second.
    const rotated = performance.now();
    await until('the keys may be asked for again', () => performance.now() - rotated > 1_000);
    assert.match((await signIn()).html, new RegExp(`Hello, ${name}`));
    idp.foreignKey = true;
    assert.equal((await signIn()).status, 502);
    assert.equal((await reasons())[0], 'token');
  });

  test('a signature with the client’s secret or none at all is none', async () => {
    someone();
    const { publicUrl } = world;
    const hmac = await new SignJWT({ ...idp.claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(CLIENT.secret));
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const [head = '', body = ''] = [{ alg: 'none' }, { ...idp.claims, iss: idp.issuer, aud: CLIENT.id, events }].map(
      (part) => Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    for (const token of [hmac, `${head}.${body}.`]) {
      const url = `${publicUrl}/oauth/idp/backchannel-logout`;
      const form = new URLSearchParams({ logout_token: token });
      assert.equal((await fetch(url, { method: 'POST', body: form })).status, 400);
    }
  });

  test('an answer counts once, in the browser that asked, and only with its own state', async () => {
    someone();
    const browser = createPageBrowser(world.origin);
    const path = await callbackOf(await browser.open('/login/idp'));
    const other = createPageBrowser(world.origin);
    assert.equal((await other.open(path)).status, 400, 'no cookie');
    const another = createPageBrowser(world.origin);
    await another.open('/login/idp');
    assert.equal((await another.open(path)).status, 400, 'a cookie of its own');
    assert.equal((await browser.open(path.replace(/state=[^&]+/, 'state=x'))).status, 400, 'no such state');
    const same = createPageBrowser(world.origin);
    for (const [name, value] of browser.jar) same.jar.set(name, value);
    assert.match((await browser.open(path)).html, /Hello, /);
    const replayed = await same.open(path);
    assert.equal(replayed.status, 400);
    assert.match(pageText(replayed), /was used already/);
    assert.ok(!(same.jar.has('mcpgate') && same.jar.get('mcpgate') !== ''), 'no session');
    const code = new URL(path, world.origin).searchParams.get('code') ?? '';
    assert.ok(code !== '' && !world.logLines.join('').includes(code), 'no code in the log');
  });

  test('a no at the IdP, a client that it does not know and a code that it does not take are told apart', async () => {
    someone();
    idp.authorizationError = 'access_denied';
    const denied = await signIn();
    assert.deepEqual([denied.status, /did not let you in/.test(pageText(denied))], [403, true]);
    idp.authorizationError = undefined;
    idp.tokenStatus = 401;
    assert.match(pageText(await signIn()), /is not set up right/);
    idp.tokenStatus = 503;
    assert.match(pageText(await signIn()), /cannot be reached now/);
    assert.deepEqual((await reasons()).slice(0, 3), ['unreachable', 'misconfigured', 'denied']);
  });

  test('an IdP that is away: words on the page, passwords still work, and it is back by itself', async () => {
    someone();
    const { name } = await world.identity.users.add(WORKSPACE, { name: 'local' }, HOST);
    const { url } = await world.identity.users.link(WORKSPACE, name, HOST);
    const password = 'seven quiet otters';
    const browser = createPageBrowser(world.origin);
    const link = await browser.open(new URL(url).pathname + new URL(url).search);
    await browser.submit(link, { password, repeat: password });
    await idp.stop();
    const own = createPageBrowser(world.origin);
    assert.equal((await own.open('/login/idp')).status, 303, 'what it said before still holds');
    const local = createPageBrowser(world.origin);
    assert.match((await local.submit(await local.open('/login'), { name, password })).html, /Hello, local/);

    const fresh = await createIdpWorld(settings);
    const first = await createPageBrowser(fresh.origin).open('/login/idp');
    assert.equal(first.status, 503);
    assert.match(pageText(first), /Corp ID cannot be reached now/);
    assert.match(fresh.logLines.join(''), /cannot be used yet; it is tried again/);
    await idp.start();
    assert.match((await signIn(createPageBrowser(fresh.origin))).html, /Hello, /);
    await fresh.close();
  });

  test('a person who is disabled in mcpgate stays out', async () => {
    const name = someone();
    await signIn();
    await world.identity.users.disable(WORKSPACE, name, HOST);
    const page = await signIn();
    assert.equal(page.status, 403);
    assert.match(pageText(page), /is disabled/);
    const [failed] = await world.events('login.failed');
    assert.deepEqual([failed?.subject, failed?.data['reason']], [`user:${name}`, 'disabled']);
  });

  test('a person who is here already is recognized by a verified address alone', async () => {
    await world.identity.users.add(WORKSPACE, { name: 'grace', email: 'Grace@corp.example' }, HOST);
    idp.claims = { sub: 'sub-liar', preferred_username: 'grace', email: 'grace@corp.example', email_verified: false };
    assert.match((await signIn()).html, /Hello, grace-2/);
    idp.claims = {
      sub: 'sub-grace',
      preferred_username: 'g.hopper',
      email: 'grace@CORP.example',
      email_verified: true,
    };
    assert.match((await signIn()).html, /Hello, grace</, 'whatever the liar said');
    for (const name of ['one', 'two']) {
      await world.identity.users.add(WORKSPACE, { name, email: 'both@corp.example' }, HOST);
      idp.claims = { sub: 'sub-both', preferred_username: 'both', email: 'both@corp.example', email_verified: true };
    }
    assert.match((await signIn()).html, /Hello, both/, 'an address of two people does not say who it is');
    await world.identity.users.add(WORKSPACE, { name: 'joan', email: 'joan@corp.example' }, HOST);
    idp.claims = { sub: 'sub-joan', preferred_username: 'j.clarke', email: 'joan@corp.example', email_verified: true };
    assert.match((await signIn()).html, /Hello, joan/);
    idp.claims = { ...idp.claims, sub: 'sub-second-joan' };
    assert.match((await signIn()).html, /Hello, j\.clarke/, 'joan is somebody at the IdP already');
  });

  test('without just-in-time accounts a stranger is told whom to ask; with local accounts off only administrators use passwords', async () => {
    const strict = await createIdpWorld({ ...settings, justInTime: false }, false);
    someone();
    const page = await signIn(createPageBrowser(strict.origin));
    assert.deepEqual([page.status, /no account on this broker yet/.test(pageText(page))], [403, true]);
    assert.deepEqual(await strict.identity.users.list(WORKSPACE), []);

    const setup = new URL((await strict.identity.setupLink(WORKSPACE))?.url ?? '');
    const password = 'seven quiet otters';
    const browser = createPageBrowser(strict.origin);
    await browser.submit(await browser.open(setup.pathname + setup.search), {
      name: 'root',
      password,
      repeat: password,
    });
    const root = createPageBrowser(strict.origin);
    const login = await root.open('/login');
    assert.match(login.html, /<details/);
    assert.match((await root.submit(login, { name: 'root', password })).html, /Hello, root/);
    await strict.identity.users.add(WORKSPACE, { name: 'mia' }, HOST);
    const link = new URL((await strict.identity.users.link(WORKSPACE, 'mia', HOST)).url);
    assert.equal((await createPageBrowser(strict.origin).open(link.pathname + link.search)).status, 410);
    await strict.close();
  });

  test('a logout token of the IdP ends the person’s browser sessions, once, and nobody else’s', async () => {
    const name = someone();
    const browser = createPageBrowser(world.origin);
    await signIn(browser);
    const { sub = '' } = idp.claims;
    const bystander = createPageBrowser(world.origin);
    someone();
    await signIn(bystander);
    const post = async (token: string) =>
      fetch(`${world.origin}/oauth/idp/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      });
    const wrong = [
      await idp.logoutToken({ sub, aud: 'another-client' }),
      await idp.logoutToken({ sub, iss: 'https://idp.evil.example' }),
      await idp.logoutToken({ sub, nonce: 'n' }),
      await idp.logoutToken({ sub, events: {} }),
      await idp.logoutToken({ sub, iat: second() - 600 }),
      'garbage',
      '',
    ];
    for (const token of wrong) assert.equal((await post(token)).status, 400);
    assert.match((await browser.open('/')).html, new RegExp(`Hello, ${name}`));
    const token = await idp.logoutToken({ sub });
    assert.equal((await post(token)).status, 200);
    assert.doesNotMatch((await browser.open('/')).html, /Hello, /);
    assert.match((await bystander.open('/')).html, /Hello, /);
    await signIn(browser);
    assert.equal((await post(token)).status, 400, 'replayed');
    assert.equal((await post(await idp.logoutToken({ sub: 'nobody-here' }))).status, 200);
  });
});
