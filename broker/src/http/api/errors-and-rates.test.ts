// How the API says no, and how much it takes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { startApiWorld, type Answer, type ApiWorld } from './fixtures/api-world.ts';

suite('the API', () => {
  let world: ApiWorld;
  before(async () => {
    world = await startApiWorld({ api: { requests_per_minute: 60 } });
  });
  after(() => world.close());

  const problemOf = ({ status, headers, body }: Answer) => {
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    const problem = ErrorSchema.parse(body);
    const { code, message, request_id: id } = problem.error;
    assert.deepEqual(
      [problem.type, problem.status, problem.detail, problem.instance, headers.get('x-request-id')],
      [`urn:mcpgate:error:${code}`, status, message, `urn:uuid:${id}`, id],
    );
    assert.ok((problem.title ?? '').length > 5);
    return code;
  };

  test('says what went wrong as problem details, under the id of the request', async () => {
    const { admin } = world;
    const cases: [string, string, Parameters<typeof admin.ask>[2], string][] = [
      ['GET', '/users/nobody', {}, 'not_found'],
      ['GET', '/nothing', {}, 'not_found'],
      ['GET', '/users/%04', {}, 'not_found'],
      ['DELETE', '/users', {}, 'usage'],
      ['POST', '/users', { headers: admin.csrf, body: { name: 'UPPER' } }, 'usage'],
      ['POST', '/users', { headers: admin.csrf, body: { name: 'root' } }, 'conflict'],
      ['POST', '/users', { body: { name: 'x' } }, 'forbidden'],
      ['GET', '/users', { headers: { authorization: 'Bearer nothing' } }, 'not_logged_in'],
    ];
    for (const [method, path, asked, code] of cases)
      assert.equal(problemOf(await admin.ask(method, path, asked)), code, `${method} ${path}`);
    const fine = await admin.ask('GET', '/me');
    assert.match(fine.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.match(fine.headers.get('content-type') ?? '', /^application\/json/);
  });

  test('refuses a body that other programs could read otherwise, or that is nested too deeply, and names the key', async () => {
    const { admin, url } = world;
    const send = async (body: string, path = '/users') => {
      const headers = { cookie: admin.cookie(), 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
      const answer = await fetch(`${url}/api/v1${path}`, {
        method: 'POST',
        headers: { ...headers, ...admin.csrf },
        body,
      });
      const { status } = answer;
      const problem = { status, headers: answer.headers, body: JSON.parse(await answer.text()) as unknown };
      return [status, problemOf(problem), ErrorSchema.parse(problem.body).error.message] as const;
    };
    const role = (key: string) => `{"name":"twice","role":"member","${key}":"admin"}`;
    for (const [body, says] of [
      [role('role'), /"role" stands twice/],
      [role('\\u0072ole'), /"role" stands twice/],
      ['{"name":"twice","x":[{"a":{"b":1,"b":1}}]}', /"b" stands twice/],
      [`{"name":"twice","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /deeper than 64 levels/],
      [`{"${'k'.repeat(300)}":1,"${'k'.repeat(300)}":2}`, /^the key "k{100}" stands/],
    ] as const) {
      const [status, code, message] = await send(body);
      assert.deepEqual([status, code], [400, 'usage'], message);
      assert.match(message, says);
    }
    assert.equal((await admin.ask('GET', '/users/twice')).status, 404);
    assert.match((await send('{"name": "half'))[2], /not valid JSON/);
  });

  test('carries a request out once for each idempotency key, also where its answer shows a token, which lies nowhere in clear', async () => {
    const { admin, dataDir } = world;
    const asked = (key: string, label = 'ci') =>
      admin.ask('POST', '/admin-tokens', {
        ...{ body: { label, role: 'auditor' }, headers: { ...admin.csrf, 'idempotency-key': key } },
      });
    const [first, ...others] = await Promise.all([asked('one'), asked('one'), asked('one')]);
    const again = await asked('one');
    const done = [first, ...others].filter(({ status }) => status === 200);
    assert.ok([first, ...others].every(({ status }) => [200, 409].includes(status)));
    const token = String(Object(again.body)['token']);
    assert.match(token, /^mca_/);
    for (const { body } of done) assert.deepEqual(body, again.body);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal(problemOf(await asked('one', 'other')), 'key_reused');
    assert.equal((await asked('one', 'other')).status, 422);
    const { body: list } = await admin.ask('GET', '/admin-tokens');
    assert.equal(Array.isArray(list) && list.length, 1);
    for (const name of readdirSync(dataDir, { recursive: true }).map(String)) {
      const path = join(dataDir, name);
      assert.ok(!statSync(path).isFile() || !readFileSync(path).includes(token), `${name} holds the token`);
    }
  });

  test('takes so much in a minute of one person, says how much is left, and shuts out whoever must be shut out all the same', async () => {
    const { admin } = world;
    const other = await world.newPerson('quick', 'member');
    let answer = await other.ask('GET', '/me');
    const [, quota = ''] = /q=(\d+);w=60/.exec(answer.headers.get('ratelimit-policy') ?? '') ?? [];
    assert.equal(quota, '60');
    let left = Number(/r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);
    for (; left > 0; left--) answer = await other.ask('GET', '/me');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('ratelimit') ?? '', /r=0;t=\d+/);
    const refused = await other.ask('GET', '/me');
    assert.equal(refused.status, 429);
    assert.equal(problemOf(refused), 'throttled');
    assert.ok(Number(refused.headers.get('retry-after')) > 0);

    for (let asked = 0; asked < 61; asked++) answer = await admin.ask('GET', '/me');
    assert.equal(answer.status, 429, 'the administrator has asked for too much, too');
    const receipt = await admin.ask('POST', '/users/quick/disable', { headers: admin.csrf });
    assert.equal(receipt.status, 200);
    assert.equal((await other.ask('GET', '/me')).status, 401);
    assert.equal((await admin.ask('DELETE', '/session', { headers: admin.csrf })).status, 200);
  });
});
