// What others than the commands have of the same: entity tags, over the network.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from '../fixtures/administration.ts';

const tokens = { admin: '', operator: '' };
const admin = administration(async (broker) => {
  for (const role of ['admin', 'operator'] as const)
    tokens[role] = Object(await broker.json(['admin-token', 'issue', '--label', role, '--role', role])).token;
  await broker.json(['server', 'add', 'wiki', 'https://wiki.example/mcp', '--header', 'X-Team=a']);
});

async function ask(method: string, path: string, body?: object, ifMatch?: string, role: keyof typeof tokens = 'admin') {
  const response = await fetch(`${admin.broker.url}/api/v1/servers/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens[role]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const document = Object(await response.json());
  return { status: response.status, etag: response.headers.get('etag') ?? '', document, error: Object(document.error) };
}

describe('the API of servers', () => {
  test('gives each state of a record a tag of its own, and the same to whoever reads it', async () => {
    const first = await ask('GET', 'wiki');
    assert.match(first.etag, /^"[0-9a-f-]{36}\.1"$/);
    assert.equal((await ask('GET', 'wiki/record')).etag, first.etag);
    const changed = await ask('PATCH', 'wiki', { headers: { 'X-Team': 'b' } });
    assert.match(changed.etag, /\.2"$/);
    assert.equal((await ask('GET', 'wiki')).etag, changed.etag);
  });

  test('changes what is still as it was read, and answers 412 where it is not, whatever the change', async () => {
    const { etag: old } = await ask('GET', 'wiki');
    assert.equal((await ask('PATCH', 'wiki', { headers: { 'X-Team': 'c' } }, old)).status, 200);
    const { document } = await ask('GET', 'wiki/record');
    for (const [method, path, body] of [
      ['PATCH', 'wiki', { headers: { 'X-Team': 'lost' } }],
      ['PATCH', 'wiki', { headers: { 'X-Team': 'lost' }, dry_run: true }],
      ['PUT', 'wiki/record', document.record],
      ['PUT', 'wiki/record?dry_run=true', document.record],
      ['POST', 'wiki/rename', { to: 'other' }],
      ['POST', 'wiki/disable', undefined],
      ['POST', 'wiki/enable', undefined],
      ['DELETE', 'wiki', undefined],
    ] as const) {
      const { status, error } = await ask(method, path, body, old);
      assert.deepEqual([status, error.code], [412, 'stale'], `${method} ${path}`);
      assert.match(error.message, /wiki was changed meanwhile/);
      assert.equal(typeof error.request_id, 'string');
    }
    const { document: now, etag } = await ask('GET', 'wiki');
    assert.deepEqual([now.headers, now.enabled, etag], [{ 'X-Team': 'c' }, true, (await ask('GET', 'wiki')).etag]);
    assert.equal(
      (await ask('PATCH', 'wiki', { headers: { 'X-Team': 'd' } }, `"x", ${etag}`)).status,
      200,
      'one of several',
    );
    assert.equal((await ask('PATCH', 'wiki', { headers: { 'X-Team': 'e' } }, '*')).status, 200);
  });

  test('replaces a record as a whole only where it is said which one, and names the place of a mistake', async () => {
    const { document, etag } = await ask('GET', 'wiki/record');
    const unconditional = await ask('PUT', 'wiki/record', document.record);
    assert.deepEqual([unconditional.status, unconditional.error.code], [428, 'precondition_required']);
    const { transport } = document.record;
    const plain = { ...transport, headers: { Authorization: 'Bearer plain-v4lue' } };
    const refused = await ask('PUT', 'wiki/record', { ...document.record, transport: plain }, etag);
    assert.deepEqual([refused.status, refused.error.path], [400, ['transport', 'headers', 'Authorization']]);
    assert.doesNotMatch(JSON.stringify(refused.document), /v4lue/);
    const done = await ask('PUT', 'wiki/record', { ...document.record, isolation: 'per-user' }, etag);
    assert.deepEqual(
      [done.status, done.document.changes],
      [200, [{ field: 'isolation', before: 'shared', after: 'per-user' }]],
    );
  });

  test('lets whoever is no administrator move no server that gets a secret, and rename none', async () => {
    await admin.broker.json(['secret', 'set', 'key'], { stdin: 'v4lue' });
    await admin.broker.json(['server', 'add', 'kept', 'https://kept.example/mcp', '--header', 'X-Key=${secret:key}']);
    for (const [method, path, body] of [
      ['PATCH', 'kept', { url: 'https://evil.example/mcp' }],
      ['PATCH', 'kept', { headers: { 'X-Other': '${secret:key}' } }],
      ['PATCH', 'kept', { command: 'node' }],
      ['PATCH', 'wiki', { headers: { 'X-Key': '${secret:key}' } }],
      ['POST', 'wiki/rename', { to: 'other' }],
    ] as const) {
      const { status, document } = await ask(method, path, body, undefined, 'operator');
      assert.equal(status, 403, `${method} ${path} ${JSON.stringify(document)}`);
    }
    const operator = (path: string, body: object) => ask('PATCH', path, body, undefined, 'operator');
    assert.equal((await operator('kept', { isolation: 'per-user' })).status, 200);
    assert.equal((await operator('wiki', { url: 'https://wiki.example/v2' })).status, 200);
  });

  test('does not ask again about what somebody has said to be no secret, nor shows it to the log', async () => {
    const odd = { command: 'node', args: ['-e', 'process.stdin.resume()'], env: { ACME_ACCESS: 'q7Jx2pLw9ZkT' } };
    const imported = await ask('POST', 'import', { mcpServers: { odd }, dry_run: true });
    const [{ name: doubtful }] = imported.document.secrets;
    await ask('POST', 'import', { mcpServers: { odd }, plain: [doubtful] });
    assert.equal(Object(await admin.broker.json(['server', 'show', 'odd'])).env.ACME_ACCESS, 'q7Jx2pLw9ZkT');
    assert.equal((await ask('PATCH', 'odd', { env: { MODE: 'x' } })).status, 200);
    const removed = await ask('PATCH', 'odd', { env: { ACME_ACCESS: null } });
    assert.deepEqual(removed.document.changes[0].field, 'env.ACME_ACCESS');
    const log = JSON.stringify(await admin.rows('audit', 'search', '--events'));
    assert.match(log, /env\.ACME_ACCESS=/);
    assert.doesNotMatch(log + JSON.stringify(removed.document.changes), /q7Jx2pLw9ZkT/);
  });

  test('describes the header where it is understood', async () => {
    const response = await fetch(`${admin.broker.url}/api/v1/openapi.json`);
    const { paths, components } = Object(await response.json());
    const named = (operation: { parameters: { $ref?: string }[] }) => operation.parameters.map(({ $ref }) => $ref);
    assert.equal(components.parameters.IfMatch.name, 'If-Match');
    assert.ok(named(paths['/servers/{name}'].patch).includes('#/components/parameters/IfMatch'));
    assert.ok(!named(paths['/servers/{name}'].get).includes('#/components/parameters/IfMatch'));
    assert.ok('ETag' in paths['/servers/{name}'].get.responses['200'].headers);
  });
});
