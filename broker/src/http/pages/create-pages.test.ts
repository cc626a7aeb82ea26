import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { fastify } from 'fastify';
import { systemClock } from 'mcpgate-shared/clock';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from '../../identity/fixtures/identity-world.ts';
import { createPages } from './create-pages.ts';
import { createPageBrowser, type Page } from './fixtures/page-browser.ts';

const PASSWORD = 'seven quiet otters';
const requestLog: string[] = [];

const openWorld = (publicUrl?: string): Promise<IdentityWorld> =>
  createIdentityWorld({
    ...(publicUrl && { publicUrl }),
    async serve(world) {
      const app = fastify({
        logger: { level: 'debug', stream: { write: (line: string) => void requestLog.push(line) } },
      });
      await app.register(createPages({ identity: world.identity, publicUrl: world.publicUrl, clock: systemClock }));
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
  });

const tokenOf = (url: string): string => new URL(url).searchParams.get('token') ?? '';
const pathOf = (url: string): string => new URL(url).pathname + new URL(url).search;

suite('the pages', () => {
  let world: IdentityWorld;
  let count = 0;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const addPerson = async (): Promise<string> => {
    const { name } = await world.identity.users.add(WORKSPACE, { name: `person${++count}` }, HOST);
    const { url } = await world.identity.users.link(WORKSPACE, name, HOST);
    const browser = createPageBrowser(world.origin);
    const page = await browser.submit(await browser.open(pathOf(url)), { password: PASSWORD, repeat: PASSWORD });
    assert.equal(page.status, 200);
    return name;
  };
  const signedIn = async (name: string) => {
    const browser = createPageBrowser(world.origin);
    const page = await browser.submit(await browser.open('/login'), { name, password: PASSWORD });
    assert.match(page.html, new RegExp(`Hello, ${name}`));
    return browser;
  };

  test('the set-up link makes the first administrator, once', async () => {
    const link = await world.identity.setupLink(WORKSPACE);
    assert.ok(link);
    const [first, second] = [createPageBrowser(world.origin), createPageBrowser(world.origin)];
    const pages = [await first.open(pathOf(link.url)), await second.open(pathOf(link.url))] as const;
    const form = (name: string) => ({ name, password: PASSWORD, repeat: PASSWORD });
    const results = await Promise.all([first.submit(pages[0], form('root')), second.submit(pages[1], form('admin'))]);
    assert.deepEqual(
      results.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 410],
    );
    const admins = (await world.identity.users.list(WORKSPACE)).filter(({ role }) => role === 'admin');
    assert.equal(admins.length, 1);
    assert.match(results.find(({ status }) => status === 200)?.html ?? '', new RegExp(`Hello, ${admins[0]?.name}`));
    assert.equal((await first.open(pathOf(link.url))).status, 410);
    assert.equal(await world.identity.setupLink(WORKSPACE), undefined);
    assert.equal((await world.events('setup.completed')).length, 1);
  });

  test('one-time tokens stay out of the log, even where requests are logged', async () => {
    const { name } = await world.identity.users.add(WORKSPACE, { name: 'quiet' }, HOST);
    const { url } = await world.identity.users.link(WORKSPACE, name, HOST);
    assert.equal((await createPageBrowser(world.origin).open(pathOf(url))).status, 200);
    const lines = requestLog.join('') + world.logLines.join('') + JSON.stringify(await world.events('user.linked'));
    assert.match(requestLog.join(''), /"url":"\/link"/);
    assert.ok(!lines.includes(tokenOf(url)));
    assert.ok(!world.databaseText().includes(tokenOf(url)));
  });

  test('a link sets a password once, and a password that will not do is explained beside its field', async () => {
    const { name } = await world.identity.users.add(WORKSPACE, { name: 'linked' }, HOST);
    const { url } = await world.identity.users.link(WORKSPACE, name, HOST);
    const browser = createPageBrowser(world.origin);
    const page = await browser.open(pathOf(url));
    const short = await browser.submit(page, { password: 'short', repeat: 'short' });
    assert.equal(short.status, 422);
    assert.match(short.html, /<title>Error: /);
    assert.match(short.html, /id="password-problem">Use at least 15 characters/);
    assert.match(short.html, /aria-invalid="true"/);
    const differs = await browser.submit(page, { password: PASSWORD, repeat: `${PASSWORD}!` });
    assert.match(differs.html, /id="repeat-problem">The two passwords differ/);
    assert.equal((await browser.submit(page, { password: PASSWORD, repeat: PASSWORD })).status, 200);
    assert.equal((await browser.submit(page, { password: PASSWORD, repeat: PASSWORD })).status, 410);
    assert.equal((await browser.open(pathOf(url))).status, 410);
  });

  test('a new link ends the one before it, and a disabled person has none', async () => {
    const name = await addPerson();
    const [old, fresh] = [
      await world.identity.users.link(WORKSPACE, name, HOST),
      await world.identity.users.link(WORKSPACE, name, HOST),
    ];
    const browser = createPageBrowser(world.origin);
    assert.equal((await browser.open(pathOf(old.url))).status, 410);
    assert.equal((await browser.open(pathOf(fresh.url))).status, 200);
    await world.identity.users.disable(WORKSPACE, name, HOST);
    assert.equal((await browser.open(pathOf(fresh.url))).status, 410);
    await assert.rejects(world.identity.users.link(WORKSPACE, name, HOST), { code: 'conflict' });
  });

  test('a link of one kind does not open the page of the other', async () => {
    const { url } = await world.identity.users.link(WORKSPACE, await addPerson(), HOST);
    const browser = createPageBrowser(world.origin);
    assert.equal((await browser.open(`/setup?token=${tokenOf(url)}`)).status, 410);
    assert.equal((await browser.open(pathOf(url))).status, 200);
  });

  test('a wrong password and an unknown name get the same words, are recorded, and lock nobody out', async () => {
    const name = await addPerson();
    const browser = createPageBrowser(world.origin);
    const page = await browser.open('/login');
    const wrong = await browser.submit(page, { name, password: 'not it at all' });
    const unknown = await browser.submit(page, { name: 'nobody', password: 'not it at all' });
    assert.deepEqual([wrong.status, unknown.status], [401, 401]);
    const alert = /role="alert"[^>]*>(.*?)<\/div>/s;
    assert.equal(alert.exec(wrong.html)?.[1], alert.exec(unknown.html)?.[1]);
    const known = await signedIn(name);
    await known.submit(await known.open('/logout'), {});
    const tries = await Promise.all(
      Array.from({ length: 12 }, () => browser.submit(page, { name, password: 'not it at all' })),
    );
    const [throttled] = tries.filter(({ status }) => status === 429);
    assert.ok(Number(throttled?.headers.get('retry-after')) > 0, 'many at once are not judged at once');
    const right = await known.submit(await known.open('/login'), { name, password: PASSWORD });
    assert.match(right.html, new RegExp(`Hello, ${name}`), 'who has been here before is let in at once');
    const stranger: Page = await browser.submit(page, { name, password: PASSWORD });
    assert.match(stranger.html, new RegExp(`Hello, ${name}`), 'the right password is only slower');
    const failed = (await world.events('login.failed')).filter(({ subject }) => subject === `user:${name}`);
    assert.ok(failed.length >= 5 && failed.length <= 10, `${failed.length} were judged`);
    assert.equal(failed[0]?.address, '127.0.0.1');
  });

  test('a form without its token, with a wrong one, or sent from another site changes nothing', async () => {
    const browser = await signedIn(await addPerson());
    const started = await world.device().start();
    const form = { user_code: started.user_code ?? '', decision: 'approve' };
    assert.equal((await browser.post('/device', form)).status, 403);
    assert.equal((await browser.post('/device', { ...form, _csrf: 'made-up' })).status, 403);
    const page = await browser.open(`/device?user_code=${started.user_code}`);
    const [, token = ''] = /name="_csrf" value="([^"]+)"/.exec(page.html) ?? [];
    const foreign = await browser.post('/device', { ...form, _csrf: token }, { 'sec-fetch-site': 'cross-site' });
    assert.equal(foreign.status, 403);
    assert.equal((await world.device().poll(started.device_code)).error, 'authorization_pending');
  });

  test('a person types the code in small letters, signs in, sees the device, and connects it', async () => {
    const name = await addPerson();
    const laptop = world.device('ada’s <laptop>');
    const started = await laptop.start();
    const typed = (started.user_code ?? '').toLowerCase().replace('-', ' ');
    const browser = createPageBrowser(world.origin);
    const login = await browser.open('/device');
    assert.match(login.url, /^\/login\?to=device/);
    const empty = await browser.submit(login, { name, password: PASSWORD });
    assert.match(empty.html, /Type the code/);
    const confirm = await browser.submit(empty, { typed_code: typed });
    assert.equal(confirm.status, 200);
    for (const shown of [
      started.user_code ?? '',
      'ada’s &#60;laptop&#62;',
      'Linux',
      '127.0.0.1',
      'just now',
      'UTC',
      'Did you start this login yourself',
    ])
      assert.ok(confirm.html.includes(shown), shown);
    assert.equal((await laptop.poll(started.device_code)).error, 'authorization_pending', 'looking is not confirming');
    const done = await browser.submit(confirm, { decision: 'approve' });
    assert.match(done.html, /is connected/);
    const tokens = await laptop.poll(started.device_code);
    const answer = await world.identity.authenticate(tokens.access_token, 'tunnel');
    assert.ok(answer.kind === 'ok' && answer.principal.user?.name === name);
    assert.match((await browser.open(`/device?user_code=${started.user_code}`)).html, /This code was used already/);
  });

  test('a link with a code shows the device and connects nothing before its code is typed', async () => {
    const browser = await signedIn(await addPerson());
    const laptop = world.device('laptop of somebody');
    const started = await laptop.start();
    const page = await browser.open(`/device?user_code=${started.user_code}`);
    assert.match(page.html, /laptop of somebody/);
    assert.doesNotMatch(page.html, /class="usercode"/);
    for (const typed_code of ['', 'BBBB-BBBB']) {
      const refused = await browser.submit(page, { decision: 'approve', typed_code });
      assert.equal(refused.status, 422);
      assert.match(refused.html, /exactly as your device shows it/);
    }
    assert.equal((await laptop.poll(started.device_code)).error, 'authorization_pending');
    const done = await browser.submit(page, { decision: 'approve', typed_code: started.user_code ?? '' });
    assert.match(done.html, /is connected/);
  });

  test('one’s own device that logs in again is only confirmed; another’s, or one with another proof, must be typed', async () => {
    const ada = await addPerson();
    const browser = await signedIn(ada);
    const laptop = world.device('ada-laptop');
    const first = await laptop.start();
    const connected = await world.identity.approveDevice(WORKSPACE, first.user_code ?? '', ada, HOST);
    const again = await laptop.start({ device_id: connected.id });
    const link = `/device?user_code=${again.user_code}`;
    const foreign = await (await signedIn(await addPerson())).open(link);
    assert.match(foreign.html, /name="typed_code"/, 'the link of an attacker’s own device');
    const page = await browser.open(link);
    assert.match(page.html, /Log in again\?/);
    assert.match(page.html, /is logged in and asks to log in anew/);
    assert.doesNotMatch(page.html, /name="typed_code"/);
    assert.match((await browser.submit(page, { decision: 'approve' })).html, /is connected/);
    const [session] = await world.identity.sessions.list(WORKSPACE, { user: ada });
    const shown = async () =>
      (await world.identity.devices.list(WORKSPACE, { user: ada })).map(({ loggedIn }) => loggedIn);
    assert.deepEqual(await shown(), [true]);
    await world.identity.sessions.end(WORKSPACE, session?.id ?? '', HOST);
    assert.deepEqual(await shown(), [false]);
    const later = await laptop.start({ device_id: connected.id });
    assert.match(
      (await browser.open(`/device?user_code=${later.user_code}`)).html,
      /of this device of yours has ended/,
    );
    const devices = await world.identity.devices.list(WORKSPACE, { user: ada });
    assert.deepEqual(
      devices.map(({ id }) => id),
      [connected.id],
    );
    const thief = await world.device('ada-laptop').start({ device_id: connected.id });
    const theirs = await browser.open(`/device?user_code=${thief.user_code}`);
    assert.match(theirs.html, /name="typed_code"/, 'the device id alone proves nothing');
  });

  test('a denied device is told so', async () => {
    const browser = await signedIn(await addPerson());
    const laptop = world.device();
    const started = await laptop.start();
    const page = await browser.open(`/device?user_code=${started.user_code}`);
    assert.match((await browser.submit(page, { decision: 'deny' })).html, /Login denied/);
    assert.equal((await laptop.poll(started.device_code)).error, 'access_denied');
    assert.equal((await browser.submit(page, { decision: 'approve' })).status, 410);
    assert.equal((await world.events('login.denied')).length, 1);
  });

  test('guessing codes is throttled', async () => {
    const browser = await signedIn(await addPerson());
    let last = await browser.open('/device?user_code=BBBB-BBBB');
    assert.equal(last.status, 404);
    for (let tries = 0; tries < 20; tries++) last = await browser.open('/device?user_code=BBBB-BBBB');
    assert.equal(last.status, 429);
  });

  test('signing out and being disabled both end the browser session at once', async () => {
    const name = await addPerson();
    const browser = await signedIn(name);
    const cookies = new Map(browser.jar);
    await browser.submit(await browser.open('/logout'), {});
    for (const [cookieName, value] of cookies) browser.jar.set(cookieName, value);
    assert.match((await browser.open('/')).html, /Sign in/, 'the old cookie is worth nothing');
    const again = await signedIn(name);
    await world.identity.users.disable(WORKSPACE, name, HOST);
    assert.match((await again.open('/')).html, /Sign in/);
    const refused = await again.submit(await again.open('/login'), { name, password: PASSWORD });
    assert.equal(refused.status, 401);
  });

  test('pages may load only their own stylesheet and mark, are not stored, framed or referred from', async () => {
    const page = await createPageBrowser(world.origin).open('/login');
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(rule));
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.match(page.html, /<html lang="en">/);
    assert.doesNotMatch(page.html, /<script|style="|\son[a-z]+="/);
    const [, css = ''] = /href="(\/assets\/pages\.[0-9a-f]{12}\.css)"/.exec(page.html) ?? [];
    const stylesheet = await fetch(`${world.origin}${css}`);
    assert.match(stylesheet.headers.get('content-type') ?? '', /^text\/css/);
    assert.match(stylesheet.headers.get('cache-control') ?? '', /immutable/);
  });

  test('cookies are bound to the host and to TLS where the broker is reached over https', async () => {
    const secure = await openWorld('https://mcp.example.com');
    try {
      const cookies = (await createPageBrowser(secure.origin).open('/login')).headers.getSetCookie();
      assert.match(cookies[0] ?? '', /^__Host-mcpgate-form=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    } finally {
      await secure.close();
    }
    const [plain = ''] = (await createPageBrowser(world.origin).open('/login')).headers.getSetCookie();
    assert.match(plain, /^mcpgate-form=.*; Path=\/; HttpOnly; SameSite=Lax$/);
  });
});
