// What is done for somebody before it is known who it is: little, at every door.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { sendBody } from '../attack/attacks.ts';
import { createWorld } from '../world.ts';

const MIB = 1024 * 1024;
const DocumentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

test('every door answers who has no token, or a bad one, before the body is read', async (t) => {
  const world = await createWorld(t, { direct: true, open: false });
  const document = DocumentSchema.parse(await (await fetch(`${world.url}/api/v1/openapi.json`)).json());
  const api = Object.entries(document.paths)
    .filter(([, methods]) => 'post' in methods)
    .map(([path]) => (path.startsWith('/api/v1') ? path : `/api/v1${path}`).replaceAll(/\{\w+\}/g, 'x'));
  assert.ok(api.length > 10, `${api.length} routes of the API`);
  const doors = ['/mcp', '/mcp/small', '/scim/v2/Users', '/scim/v2/Groups', ...api];
  // These know nobody by a token: their bodies are short, and longer ones are refused by what they announce.
  const forms = ['/login', '/setup', '/link', '/oauth/token', '/oauth/register', '/oauth/device_authorization'];
  for (const token of [undefined, 'x'.repeat(43), 'mca_wrong'])
    for (const path of doors) {
      const { status } = await sendBody(world.url, { path, silent: true, ...(token !== undefined && { token }) });
      assert.ok([401, 403, 429].includes(status), `${path}: ${status}`);
    }
  for (const path of [...forms, '/nothing', '/healthz']) {
    const { status } = await sendBody(world.url, { path, silent: true });
    assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
  }
  const { status, written } = await sendBody(world.url, { path: '/mcp' });
  assert.equal(status, 401);
  assert.ok(written < 32 * MIB, `${written} bytes were taken`);
});

test('a body that is asked for first is asked for when it is known who it is', async (t) => {
  const world = await createWorld(t, { direct: true, open: false });
  for (const path of ['/mcp', '/scim/v2/Users', '/api/v1/users']) {
    const { status } = await sendBody(world.url, { path, token: 'x'.repeat(43), silent: true, expects: true });
    assert.equal(status, 401, path);
  }
  for (const path of ['/login', '/nothing']) {
    const long = await sendBody(world.url, { path, silent: true, expects: true });
    assert.ok(long.status >= 400 && long.status < 500, `${path}: ${long.status}`);
  }
});

test('a path has one spelling at every door: a bound on it is none on another', async (t) => {
  const world = await createWorld(t, { direct: true, open: false });
  const spellings = (path: string) => [
    ...[`${path}/`, `/${path}`, path.toUpperCase(), path.replace(/[a-z]/, (letter) => letter.toUpperCase())],
    ...[`${path};x`, `${path}%20`, `${path}%2F`, `/.${path}`, `/x/..${path}`, path.replace('o', '%6F')],
    path.replaceAll('/', '//'),
  ];
  for (const path of ['/oauth/register', '/oauth/token', '/oauth/device_authorization', '/login', '/oauth/auth'])
    for (const spelling of spellings(path)) {
      const { status } = await sendBody(world.url, { path: spelling, silent: true, megabytes: 0 });
      assert.ok(status === 404 || status === 400, `${spelling}: ${status}`);
    }
  for (const path of ['/mcp/', '/mcp'])
    assert.equal((await sendBody(world.url, { path, silent: true })).status, 401, path);
});
