// The sign-in of a browser as a credential of the API: what a page of the broker may do with it, and what a page of anybody else may not.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { BrowserSessionSchema, CSRF_HEADER } from 'mcpgate-shared/api/session';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { createPageBrowser } from '../pages/fixtures/page-browser.ts';
import { PASSWORD, startApiWorld, type ApiBrowser, type ApiWorld } from './fixtures/api-world.ts';

suite('a browser that is signed in', () => {
  let world: ApiWorld;
  let url = '';
  let admin: ApiBrowser;
  let newPerson: ApiWorld['newPerson'];
  const refusal = ({ status, body }: { status: number; body: unknown }) => {
    const { error } = ErrorSchema.parse(body);
    return [status, error.code];
  };
  const events = async (type: string) => {
    const { body } = await admin.ask('GET', `/audit/events?type=${type}&limit=1000`);
    assert.ok(Array.isArray(body));
    return body.map((event) => Object(event) as Record<string, Record<string, unknown>>);
  };

  before(async () => {
    world = await startApiWorld();
    ({ url, admin, newPerson } = world);
  });
  after(() => world.close());

  test('is told who is signed in, where, for how long, and what to send with changes', async () => {
    const told = await admin.session();
    assert.deepEqual(
      [told.user.name, told.user.display_name, told.role, told.workspace, told.broker.url],
      ['root', 'root', 'admin', { name: 'default', home: true }, url],
    );
    assert.ok(Date.parse(told.expires_at ?? '') > Date.now());
    assert.equal((await fetch(`${url}/api/v1/session`)).status, 401, 'nobody is signed in');
    assert.equal(
      (await admin.ask('GET', '/session', { headers: { cookie: 'mcpgate=' + 'x'.repeat(43) } })).status,
      401,
    );
  });

  test('may do with it what the person’s role may, and nothing else', async () => {
    const [member, auditor] = [await newPerson('mia', 'member'), await newPerson('audrey', 'auditor')];
    for (const [browser, path, status] of [
      [admin, '/admin-tokens', 200],
      [auditor, '/users', 200],
      [admin, '/audit/calls', 200],
      [auditor, '/audit/calls', 200],
      [auditor, '/admin-tokens', 403],
      [member, '/audit/calls', 403],
      [member, '/users', 403],
      [member, '/devices', 200],
      [member, '/me', 200],
    ] as const)
      assert.equal((await browser.ask('GET', path)).status, status, path);
    const forbidden = await member.ask('POST', '/users', { body: { name: 'eve' }, headers: member.csrf });
    assert.deepEqual(refusal(forbidden), [403, 'forbidden']);
  });

  test('changes nothing without its own token, whatever else the request holds', async () => {
    const other = await newPerson('olga', 'admin');
    const body = { name: 'never', role: 'admin' };
    for (const headers of [
      {},
      { [CSRF_HEADER]: '' },
      { [CSRF_HEADER]: 'x'.repeat(43) },
      { [CSRF_HEADER]: `${admin.csrf[CSRF_HEADER]}x` },
      other.csrf,
    ]) {
      const refused = await admin.ask('POST', '/users', { body, headers });
      assert.deepEqual(refusal(refused), [403, 'forbidden'], JSON.stringify(headers));
      assert.match(ErrorSchema.parse(refused.body).error.message, /csrf_token of GET \/api\/v1\/session/);
    }
    assert.equal((await admin.ask('GET', '/users/never')).status, 404);
    const rejected = await events('auth.rejected');
    assert.ok(rejected.some(({ data, actor }) => String(actor) === 'root' && data?.['reason'] === 'csrf_token'));
  });

  test('is refused whatever a page of another site makes the browser send, even with the token', async () => {
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: url.replace('http:', 'https:') },
      { origin: `${url}.evil.example` },
      { origin: url.replace(/:\d+$/, ':1') },
    ];
    for (const headers of foreign)
      for (const [method, path] of [
        ['GET', '/session'],
        ['GET', '/users'],
        ['POST', '/users'],
        ['DELETE', '/session'],
      ] as const) {
        const refused = await admin.ask(method, path, { headers: { ...admin.csrf, ...headers } });
        assert.deepEqual(refusal(refused), [403, 'forbidden'], `${method} ${path} ${JSON.stringify(headers)}`);
        assert.equal(refused.headers.get('access-control-allow-origin'), null);
      }
    for (const headers of [{ origin: url }, { 'sec-fetch-site': 'none' }])
      assert.equal((await admin.ask('GET', '/session', { headers })).status, 200, 'its own pages, and a typed address');
  });

  test('a bearer token beside the cookie decides alone', async () => {
    const issued = await admin.ask('POST', '/admin-tokens', {
      body: { label: 'ci', role: 'auditor' },
      headers: admin.csrf,
    });
    const token = String(Object(issued.body)['token']);
    const withToken = { authorization: `Bearer ${token}` };
    assert.equal(
      (await admin.ask('GET', '/admin-tokens', { headers: withToken })).status,
      403,
      'the cookie is an administrator’s',
    );
    assert.equal(
      (await admin.ask('GET', '/audit/calls', { headers: { ...withToken, origin: 'https://elsewhere.example' } }))
        .status,
      200,
    );
    for (const authorization of ['Bearer mca_nothing', 'Bearer ', 'Basic cm9vdDpyb290'])
      assert.equal((await admin.ask('GET', '/me', { headers: { authorization } })).status, 401, authorization);
    assert.equal((await admin.ask('GET', '/session', { headers: withToken })).status, 403);
  });

  test('enters another workspace by its name where the person may, without a new sign-in', async () => {
    await admin.ask('POST', '/workspaces', { body: { name: 'team-b' }, headers: admin.csrf });
    const there = { [WORKSPACE_HEADER]: 'team-b' };
    const told = BrowserSessionSchema.parse((await admin.ask('GET', '/session', { headers: there })).body);
    assert.deepEqual(told.workspace, { name: 'team-b', home: false });
    assert.deepEqual(told.workspaces, [
      { name: 'default', home: true },
      { name: 'team-b', home: false },
    ]);
    assert.equal(told.csrf_token, admin.csrf[CSRF_HEADER], 'it is the same sign-in');
    const boss = await newPerson('boss', 'admin', 'team-b');
    assert.deepEqual((await boss.session()).workspaces, [{ name: 'team-b', home: true }]);
    const elsewhere = { ...boss.csrf, [WORKSPACE_HEADER]: 'default' };
    for (const [method, path] of [
      ['GET', '/session'],
      ['GET', '/users'],
      ['POST', '/groups'],
    ] as const)
      assert.equal((await boss.ask(method, path, { headers: elsewhere })).status, 403, `${method} ${path}`);
  });

  test('a cookie that was planted before the sign-in is good for nothing after it, and two of them are none', async () => {
    const planted = 'A'.repeat(43);
    await newPerson('fay', 'member');
    const browser = createPageBrowser(url);
    browser.jar.set('mcpgate', planted);
    await browser.submit(await browser.open('/login'), { name: 'fay', password: PASSWORD });
    const mine = browser.jar.get('mcpgate') ?? '';
    assert.notEqual(mine, planted);
    const statusOf = async (cookie: string) => (await admin.ask('GET', '/session', { headers: { cookie } })).status;
    assert.deepEqual(
      [
        await statusOf(`mcpgate=${planted}`),
        await statusOf(`mcpgate=${mine}`),
        await statusOf(`mcpgate=${planted}; mcpgate=${mine}`),
      ],
      [401, 200, 401],
    );
  });

  test('is in the log with what it changed, as what it is', async () => {
    const browser = await newPerson('lena', 'admin');
    await browser.ask('POST', '/groups', { body: { name: 'by-lena' }, headers: browser.csrf });
    await browser.ask('POST', '/users', { body: { name: 'by-lena' }, headers: browser.csrf });
    const [event] = (await events('user.added')).filter(({ actor }) => String(actor) === 'lena');
    const { body } = await browser.ask('GET', '/sessions?user=lena');
    assert.ok(Array.isArray(body));
    assert.equal(event?.['data']?.['credential_kind'], 'session');
    const id = String(Object(body[0])['id']);
    assert.equal(event?.['data']?.['credential_id'], id);

    // The same of what is answered as a stream, whose events come while it is read.
    const own = { cookie: browser.cookie(), 'sec-fetch-site': 'same-origin', ...browser.csrf };
    const json = { 'content-type': 'application/json' };
    for (const [path, init] of [
      ['/audit/export.jsonl', { headers: own }],
      ['/audit/verify', { method: 'POST', headers: { ...own, ...json }, body: '{"checkpoints":[]}' }],
    ] as const) {
      const answer = await fetch(`${url}/api/v1${path}`, init);
      const said = await answer.text();
      assert.equal(answer.status, 200, `${path}: ${said}`);
    }
    for (const type of ['audit.exported', 'audit.verified']) {
      const [streamed] = (await events(type)).filter(({ actor }) => String(actor) === 'lena');
      const { credential_kind: kind, credential_id: named } = streamed?.['data'] ?? {};
      assert.deepEqual([kind, named], ['session', id], type);
    }
  });

  test('is out with the next request once the person is disabled, and what it follows ends at once', async () => {
    const browser = await newPerson('ida', 'auditor');
    const tail = await fetch(`${url}/api/v1/audit/tail`, {
      headers: { cookie: `mcpgate=${browser.jar.get('mcpgate')}`, 'sec-fetch-site': 'same-origin' },
    });
    assert.equal(tail.status, 200);
    const receipt = await admin.ask('POST', '/users/ida/disable', { headers: admin.csrf });
    assert.equal(Object(receipt.body)['links_closed'], 1);
    await tail.text().catch(() => undefined); // waits for its end, in whatever way it comes
    assert.deepEqual(refusal(await browser.ask('GET', '/session')), [401, 'not_logged_in']);
  });

  test('signs out: the cookie goes, and so does what other tabs of the browser follow', async () => {
    const browser = await newPerson('sol', 'auditor');
    const cookie = `mcpgate=${browser.jar.get('mcpgate')}`;
    const tail = await fetch(`${url}/api/v1/audit/tail`, { headers: { cookie } });
    const left = await browser.ask('DELETE', '/session', { headers: browser.csrf });
    assert.equal(left.status, 200, JSON.stringify(left.body));
    assert.deepEqual(Object(left.body)['continue_at'], null);
    assert.match(left.headers.get('set-cookie') ?? '', /^mcpgate=; Path=\/; HttpOnly; SameSite=Lax; Max-Age=0$/);
    await tail.text().catch(() => undefined);
    assert.equal((await browser.ask('GET', '/session')).status, 401);
    assert.ok((await events('logout')).some(({ actor }) => String(actor) === 'sol'));
  });

  test('ends where an administrator ends it, and another one of the same person does not', async () => {
    const first = await newPerson('ned', 'member');
    const second = createPageBrowser(url);
    await second.submit(await second.open('/login'), { name: 'ned', password: PASSWORD });
    const { body } = await first.ask('GET', '/sessions');
    assert.ok(Array.isArray(body));
    assert.equal(body.length, 2);
    const oldest = body.map((each) => Object(each) as Record<string, string>).at(-1);
    await admin.ask('POST', `/sessions/${oldest?.['id']}/end`, { headers: admin.csrf });
    const statuses = [first, { ask: first.ask }].map(
      async ({ ask }, index) =>
        (
          await ask(
            'GET',
            '/session',
            index === 0 ? {} : { headers: { cookie: `mcpgate=${second.jar.get('mcpgate')}` } },
          )
        ).status,
    );
    assert.deepEqual(await Promise.all(statuses), [401, 200]);
  });
});
