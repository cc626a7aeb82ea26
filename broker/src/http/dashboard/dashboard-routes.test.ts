// The dashboard as a browser gets it: who gets it at all, under which policy, and where those who are not signed in are led.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { DASHBOARD_PATHS } from 'mcpgate-shared/api/dashboard/dashboard-paths';
import { LoginQuerySchema, pathAfter } from '../pages/page-forms.ts';
import { createConsentWorld } from '../pages/fixtures/consent-world.ts';

suite('the dashboard', () => {
  let world: Awaited<ReturnType<typeof createConsentWorld>>;
  before(async () => {
    world = await createConsentWorld();
  });
  after(() => world.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(world.origin + path, { redirect: 'manual', headers });

  test('is at / and at each of its paths, for whoever is signed in; the page says who without a script', async () => {
    const { name, browser } = await world.personAtBrowser();
    for (const path of ['/', ...DASHBOARD_PATHS.flatMap((each) => [`/${each}`, `/${each}/a/b`])]) {
      const page = await browser.open(path);
      assert.deepEqual([page.status, page.url], [200, path]);
      assert.match(page.html, /<div id="root"><\/div>/);
      assert.match(page.html, new RegExp(`<noscript>[^]*Hello, ${name}<[^]*href="/accounts"[^]*</noscript>`));
    }
    assert.equal((await browser.open('/overviews')).status, 404);
  });

  test('runs no script but the broker’s own files, loads nothing from elsewhere, and stands in no frame', async () => {
    const { browser } = await world.personAtBrowser();
    const [one, other] = [await browser.open('/'), await browser.open('/')];
    const policyOf = ({ headers }: { headers: Headers }) => headers.get('content-security-policy') ?? '';
    const nonceOf = (page: typeof one) => /'nonce-([^']+)'/.exec(policyOf(page))?.[1] ?? '';
    assert.equal(
      policyOf(one).replace(nonceOf(one), 'N'),
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    assert.ok(nonceOf(one).length >= 22 && nonceOf(one) !== nonceOf(other), 'a nonce is for one answer');
    assert.ok(one.html.includes(`content="${nonceOf(one)}"`));
    assert.deepEqual(
      [
        'cache-control',
        'cross-origin-opener-policy',
        'x-content-type-options',
        'x-frame-options',
        'referrer-policy',
      ].map((header) => one.headers.get(header)),
      ['no-store', 'same-origin', 'nosniff', 'DENY', 'no-referrer'],
    );
    const sources = [...one.html.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="([^"]*)"/g)].map(
      ([, source = '']) => source,
    );
    assert.ok(sources.length >= 3);
    assert.deepEqual(
      sources.filter((source) => !source.startsWith('/dashboard/assets/')),
      [],
    );
    assert.doesNotMatch(one.html, /<script(?![^>]*\bsrc=)|\son\w+=|style=|javascript:/i);
  });

  test('its files are kept for good by browsers, and come compressed to those who take that', async () => {
    const { browser } = await world.personAtBrowser();
    const [, script = ''] = /src="(\/dashboard\/assets\/index-[^"]+\.js)"/.exec((await browser.open('/')).html) ?? [];
    for (const [accepted, encoding] of [
      ['br, gzip', 'br'],
      ['gzip;q=0.5, br;q=0', 'gzip'],
      ['identity', null],
    ] as const) {
      const answer = await get(script, { 'accept-encoding': accepted });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-encoding'), encoding, accepted);
      assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.match(answer.headers.get('vary') ?? '', /accept-encoding/);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/javascript/);
      assert.match(await answer.text(), /createRoot/);
    }
    for (const name of [
      'index-nothing.js',
      '..%2findex.html',
      '%2e%2e%2fmain.js',
      'x',
      'index.html',
      `${script.split('/').at(-1)}.br`,
    ])
      assert.equal((await get(`/dashboard/assets/${name}`)).status, 404, name);
  });

  test('whoever is not signed in is led to the sign-in, which leads back to where they wanted, with what the address shows', async () => {
    const { name } = await world.personAtBrowser();
    for (const path of [
      '/servers',
      '/servers/github',
      '/log?tool=github__*&since=2026-11-30T10:00:00.000Z',
      '/people?q=ada%20l',
    ]) {
      const { status, headers } = await get(path);
      assert.equal(status, 303);
      assert.equal(headers.get('location'), `/login?${new URLSearchParams({ to: path.slice(1) }).toString()}`);
      const { browser } = await world.personAtBrowser();
      browser.jar.clear();
      const login = await browser.open(path);
      assert.match(login.url, /^\/login\?to=/);
      const back = await browser.submit(login, { name, password: 'seven quiet otters' });
      assert.equal(back.url, path);
    }
    assert.equal((await get('/')).headers.get('location'), '/login');
  });

  test('the sign-in leads to no other host, and to no page that is none', async () => {
    const elsewhere = [
      ...[
        '//evil.example',
        '/evil.example',
        'https://evil.example',
        '\\evil.example',
        '/\\evil.example',
        '.evil.example',
      ],
      ...['@evil.example', 'overview@evil.example', 'overview:80', 'overview//evil.example', 'overview/\\evil.example'],
      ...['servers/../../x', 'servers/..', 'overview#x', 'overview\n/x', 'javascript:alert(1)', 'overviews'],
      `log?q=${'x'.repeat(2000)}`,
    ];
    for (const to of elsewhere) assert.equal(pathAfter(LoginQuerySchema.parse({ to })), '/', to);
    const { name, browser } = await world.personAtBrowser();
    browser.jar.clear();
    const [to = ''] = elsewhere;
    const login = await browser.open(`/login?${new URLSearchParams({ to }).toString()}`);
    assert.equal((await browser.submit(login, { name, password: 'seven quiet otters', to })).url, '/');
  });
});
