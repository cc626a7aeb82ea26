// Lists: their pages, filters and search are of one form, and hold while they change.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { startApiWorld, type ApiWorld } from './fixtures/api-world.ts';

suite('a list of the API', () => {
  let world: ApiWorld;
  before(async () => {
    world = await startApiWorld();
    for (let count = 0; count < 25; count++) {
      const name = `p${String(count).padStart(2, '0')}`;
      await world.admin.change('POST', '/users', { name, groups: count % 5 === 0 ? ['fifth'] : [] });
    }
  });
  after(() => world.close());

  const page = async (path: string) => {
    const { status, headers, body } = await world.admin.ask('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(Array.isArray(body));
    const names = body.map((item) => String(Object(item)['name'] ?? Object(item)['id']));
    return { names, next: headers.get('x-next-cursor'), link: headers.get('link') };
  };

  test('is told page by page, none of it twice and none left out, while others come and go', async () => {
    const all = (await page('/users')).names;
    assert.equal(all.length, 26);
    const seen: string[] = [];
    let path: string | undefined = '/users?limit=7';
    let pages = 0;
    while (path !== undefined) {
      const { names, next, link } = await page(path);
      seen.push(...names);
      pages += 1;
      if (pages === 1) {
        await world.admin.change('DELETE', `/users/${names.at(-1)}`); // the very one that the cursor names
        await world.admin.change('POST', '/users', { name: 'a-new-one' });
      }
      const [, followed] = /^<\/api\/v1([^>]+)>; rel="next"$/.exec(link ?? '') ?? [];
      assert.equal(followed === undefined, next === null);
      path = followed;
    }
    assert.equal(pages, 4);
    assert.equal(new Set(seen).size, seen.length, 'nobody twice');
    const left = (await page('/users')).names.filter((name) => name !== 'a-new-one');
    for (const name of left) assert.ok(seen.includes(name), name);
  });

  test('is told page by page whatever it lists, in its order and as a whole, and a cursor leads on in its own list alone', async (t) => {
    const { admin } = world;
    const long = 'a'.repeat(230);
    const tools = ['read', 'write', `${long}1`, `${long}2`].map((name) => ({ name, inputSchema: { type: 'object' } }));
    const far = await startSloppyHttp('http', {
      answer: ({ method }) => (method === 'tools/list' ? { result: JSON.stringify({ tools }) } : undefined),
    });
    t.after(() => far.close());
    for (const name of ['wiki', 'alpha', 'wiki-2']) {
      await admin.change('POST', '/servers', { name, transport: { kind: 'http', url: far.url } });
      await admin.change('POST', `/servers/${name}/test`);
    }
    for (let count = 0; count < 5; count++) {
      await admin.change('POST', '/admin-tokens', { label: `t${count}`, role: 'auditor' });
      await admin.change('POST', '/groups', { name: `g${count}`, users: ['p05'] });
      await admin.change('PUT', `/secrets/s${count}`, { value: `value ${count}` });
      await admin.change('POST', '/grants', { label: `c${count}`, servers: ['wiki'] });
    }
    const lists = ['/admin-tokens', '/groups', '/secrets', '/grants', '/users', '/servers', '/definitions'];
    const cursors: string[] = [];
    for (const path of lists) {
      const whole = (await page(path)).names;
      assert.ok(whole.length >= 3 && new Set(whole).size === whole.length, `${path} ${whole.join()}`);
      assert.ok(path !== '/definitions' || whole.length >= 12, whole.join());
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const { names, next } = await page(`${path}?limit=2${cursor}`);
        assert.ok(names.length === 2 || next === null, path);
        seen.push(...names);
        if (next === null) break;
        cursor = `&cursor=${next}`;
      }
      assert.deepEqual(seen, whole, path);
      cursors.push((await page(`${path}?limit=1`)).next ?? '');
    }
    for (const [index, path] of lists.entries()) {
      const { status, body } = await admin.ask('GET', `${path}?cursor=${cursors[(index + 1) % lists.length]}`);
      assert.equal(status, 400, path);
      assert.match(JSON.stringify(body), /cursor: it is none that a page of this list ended with/);
    }
  });

  test('refuses a cursor that is none, in words, and not as if there had been none', async () => {
    const lists = [
      'audit/calls',
      'audit/events',
      'audit/archives',
      'requests',
      'devices',
      'sessions',
      'rules',
      'hooks',
    ];
    for (const path of [...lists, 'me/calls', 'me/passkeys', 'key/signing', 'accounts'])
      for (const cursor of ['x', 'W10', 'b%00', 'bzzzzzzzzzzzzzz.1']) {
        const { status, body } = await world.admin.ask('GET', `/${path}?cursor=${cursor}`);
        assert.equal(status, 400, `${path} ${cursor}`);
        assert.match(JSON.stringify(body), /"code":"usage","message":"cursor: /, path);
      }
  });

  test('is picked by the members of what it lists, and searched', async () => {
    await world.admin.change('POST', '/users/p03/disable');
    await world.admin.change('PUT', '/users/p04/role', { role: 'auditor' });
    for (const [query, names] of [
      ['disabled=true', ['p03']],
      ['role=auditor', ['p04']],
      ['groups=fifth&limit=2', ['p00', 'p05']],
      ['q=P2', ['p20', 'p21', 'p22', 'p23', 'p24']],
      ['q=p2&disabled=true', []],
    ] as const)
      assert.deepEqual((await page(`/users?${query}`)).names, names, query);
    const grants = await page('/grants?state=active&q=nothing');
    assert.deepEqual([grants.names, grants.next], [[], null]);
    for (const wrong of ['role=king', 'limit=0', 'limit=1001', 'cursor=x', 'cursor=W10', 'color=red', 'q='])
      assert.equal((await world.admin.ask('GET', `/users?${wrong}`)).status, 400, wrong);
  });

  test('every list that can grow has pages', async () => {
    const document = Object((await world.admin.ask('GET', '/openapi.json')).body);
    const bounded = ['listOtherBrokers'];
    for (const methods of Object.values(Object(document['paths']) as Record<string, Record<string, object>>)) {
      const described = Object(methods['get']) as {
        operationId?: string;
        responses?: object;
        parameters?: { name: string }[];
      };
      const content = Object(Object(Object(described.responses)['200'])['content']);
      const isList = Object(Object(content['application/json'])['schema'])['type'] === 'array';
      const { operationId = '' } = described;
      if (!isList || bounded.includes(operationId)) continue;
      assert.ok(
        described.parameters?.some(({ name }) => name === 'cursor'),
        operationId,
      );
    }
  });
});
