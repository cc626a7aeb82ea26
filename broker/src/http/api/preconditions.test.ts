// Entity tags: what was read is not overwritten where somebody else has changed it meanwhile.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startApiWorld, type ApiWorld } from './fixtures/api-world.ts';

suite('an edit that names what it is for', () => {
  let world: ApiWorld;
  before(async () => {
    world = await startApiWorld();
    await world.admin.change('POST', '/users', { name: 'ada' });
    await world.admin.change('POST', '/users', { name: 'bea' });
    await world.admin.change('POST', '/groups', { name: 'dev', users: ['bea', 'root'] });
    const transport = { kind: 'http', url: 'http://127.0.0.1:9/mcp' };
    await world.admin.change('POST', '/servers', { name: 'wiki', transport });
    await world.admin.change('POST', '/bundles', { name: 'few', tools: [{ tool: 'wiki__search' }] });
    await world.admin.change('PUT', '/secrets/tok', { value: 'the first' });
    await world.admin.change('POST', '/hooks', { kind: 'log', name: 'out', url: 'https://siem.example.com/in' });
  });
  after(() => world.close());

  const tagOf = async (path: string): Promise<string> => {
    const { headers } = await world.admin.ask('GET', path);
    const tag = headers.get('etag') ?? '';
    assert.match(tag, /^"[\w.-]+"$/, path);
    return tag;
  };
  const edit = async (method: string, path: string, body: unknown, ifMatch: string) => {
    const headers = { ...world.admin.csrf, 'if-match': ifMatch };
    return await world.admin.ask(method, path, { ...(body !== undefined && { body }), headers });
  };

  for (const [shown, method, path, one, other] of [
    ['/users/ada', 'PUT', '/users/ada/groups', { groups: ['a'] }, { groups: ['b'] }],
    ['/users/ada', 'PUT', '/users/ada/role', { role: 'auditor' }, { role: 'operator' }],
    ['/groups/dev', 'PUT', '/groups/dev/on-call', { users: ['bea'] }, { users: ['root'] }],
    ['/secrets/tok', 'PUT', '/secrets/tok', { value: 'one' }, { value: 'other' }],
    ['/groups/dev', 'POST', '/groups/dev/remove', { users: ['bea'] }, { users: ['root'] }],
    ['/bundles/few', 'PATCH', '/bundles/few', { description: 'one' }, { description: 'other' }],
    ['/hooks/out', 'PATCH', '/hooks/out', { timeout_ms: 4_000 }, { timeout_ms: 3_000 }],
    ['/enforcement', 'PUT', '/enforcement', { enforcement: 'observe' }, { enforcement: 'off' }],
  ] as const)
    test(`${method} ${path} is made once of what was read, and the second one is told to read again`, async () => {
      const tag = await tagOf(shown);
      const [first, second] = await Promise.all([edit(method, path, one, tag), edit(method, path, other, tag)]);
      const statuses = [first.status, second.status].toSorted((a, b) => a - b);
      assert.deepEqual(statuses, [200, 412], JSON.stringify([first.body, second.body]));
      const done = first.status === 200 ? first : second;
      const now = await tagOf(shown);
      assert.notEqual(now, tag);
      assert.equal(done.headers.get('etag'), now, 'the answer has the tag of what it made');
      assert.equal((await edit(method, path, one, '*')).status, 200);
    });

  test('a removal that names what is there no more removes nothing', async () => {
    const tag = await tagOf('/users/ada');
    await world.admin.change('PUT', '/users/ada/groups', { groups: ['later'] });
    assert.equal((await edit('DELETE', '/users/ada', undefined, tag)).status, 412);
    assert.equal((await edit('DELETE', '/users/ada', undefined, await tagOf('/users/ada'))).status, 200);
  });

  test('a rule is changed in its place: it keeps its id and who has added it, once of what was read, and what says the same is no change', async () => {
    const { admin } = world;
    const { id } = await admin.change('POST', '/rules', { effect: 'allow', who: ['user:bea'], what: ['wiki__*'] });
    const path = `/rules/${String(id)}`;
    const tag = await tagOf(path);
    const said = (note: string) => ({ effect: 'allow', who: ['user:bea'], what: ['wiki__search'], note });
    const answers = await Promise.all([edit('PUT', path, said('one'), tag), edit('PUT', path, said('other'), tag)]);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 412],
    );
    const { body: now } = await admin.ask('GET', path);
    const { note } = Object(answers.find(({ status }) => status === 200)?.body) as { note: string };
    const facts = Object(now) as Record<string, unknown>;
    assert.deepEqual(
      [facts['id'], facts['created_by'], facts['what'], facts['note']],
      [id, 'root', ['wiki__search'], note],
    );
    const events = async () => {
      const { body } = await admin.ask('GET', `/audit/events?subject=rule:${String(id)}`);
      return (body as { type: string }[]).map(({ type }) => type);
    };
    const before = await tagOf(path);
    assert.equal((await edit('PUT', path, said(note), before)).headers.get('etag'), before);
    assert.deepEqual((await events()).toSorted(), ['rule.added', 'rule.changed']);
    assert.equal((await edit('PUT', path, { ...said(note), approvers: ['self'] }, before)).status, 400);
    assert.equal((await edit('DELETE', path, undefined, tag)).status, 412);
    assert.equal((await edit('DELETE', path, undefined, before)).status, 200);
    assert.equal((await edit('PUT', path, said(note), '*')).status, 404);
  });

  test('a secret is set, rotated, gone back with and removed only where it is what was read', async () => {
    const { admin } = world;
    await admin.change('PUT', '/secrets/key', { value: 'v1' });
    const old = await tagOf('/secrets/key');
    const { version } = await admin.change('PUT', '/secrets/key', { value: 'v2' });
    const tries = [
      ['PUT', '/secrets/key', { value: 'v3' }],
      ['PUT', '/secrets/key', { from: 'env:PATH' }],
      ['POST', '/secrets/key/rotate', { value: 'v4' }],
      ['POST', '/secrets/key/rollback', {}],
      ['DELETE', '/secrets/key', undefined],
    ] as const;
    for (const [method, path, body] of tries)
      assert.equal((await edit(method, path, body, old)).status, 412, `${method} ${path}`);
    assert.equal(Object((await admin.ask('GET', '/secrets/key')).body)['version'], version);
    assert.equal((await edit('PUT', '/secrets/none', { value: 'v1' }, '*')).status, 412, 'it is not there');
    let tag = await tagOf('/secrets/key');
    for (const [method, path, body] of tries.filter((each) => !('from' in Object(each[2])))) {
      const done = await edit(method, path, body, `"x", W/${tag}`);
      assert.equal(done.status, 200, `${method} ${path} ${JSON.stringify(done.body)}`);
      if (method === 'DELETE') break;
      assert.notEqual(done.headers.get('etag'), tag);
      tag = await tagOf('/secrets/key');
      assert.equal(done.headers.get('etag'), tag, path);
    }
  });

  test('a condition that an operation does not know, or that cannot be read, is refused and not passed over', async () => {
    const { admin } = world;
    const before = (await admin.ask('GET', '/groups')).body;
    for (const [method, path, body, headers, says] of [
      ['POST', '/groups', { name: 'dev', users: ['root'] }, { 'if-match': '"x"' }, /takes no If-Match/],
      ['POST', '/servers', {}, { 'if-match': '*' }, /takes no If-Match/],
      ['GET', '/groups/dev', undefined, { 'if-match': '*' }, /takes no If-Match/],
      ['PUT', '/groups/dev/on-call', { users: [] }, { 'if-none-match': '*' }, /takes no If-None-Match/],
      ['DELETE', '/session', undefined, { 'idempotency-key': 'x' }, /takes no Idempotency-Key/],
      ['PUT', '/groups/dev/on-call', { users: [] }, { 'if-match': 'x' }, /If-Match: it is neither/],
      ['PUT', '/groups/dev/on-call', { users: [] }, { 'if-match': '"x" "y"' }, /If-Match: it is neither/],
      ['PUT', '/groups/dev/on-call', { users: [] }, { 'if-match': `"${'x'.repeat(2_000)}"` }, /If-Match: it is/],
      ['GET', '/groups/dev', undefined, { 'if-none-match': '"x' }, /If-None-Match: it is neither/],
      ['PUT', '/groups/dev/on-call', { users: [] }, { 'idempotency-key': '' }, /Idempotency-Key: 1 to 255/],
    ] as const) {
      const answer = await admin.ask(method, path, { ...(body && { body }), headers: { ...admin.csrf, ...headers } });
      const { code, message } = Object(Object(answer.body)['error']) as { code: string; message: string };
      assert.deepEqual([answer.status, code], [400, 'usage'], `${method} ${path} ${message}`);
      assert.match(message, says);
    }
    assert.deepEqual((await admin.ask('GET', '/groups')).body, before);
  });

  test('what a client has already is not told again', async () => {
    const tag = await tagOf('/groups/dev');
    const again = await world.admin.ask('GET', '/groups/dev', { headers: { 'if-none-match': `"x", W/${tag}` } });
    assert.deepEqual([again.status, again.body, again.headers.get('etag')], [304, undefined, tag]);
    const other = await world.admin.ask('GET', '/groups/dev', { headers: { 'if-none-match': '"x"' } });
    assert.equal(other.status, 200);
  });
});
