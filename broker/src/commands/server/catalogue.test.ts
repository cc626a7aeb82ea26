import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from '../fixtures/administration.ts';
import { withRegistry } from '../fixtures/with-registry.ts';

describe('server catalogue', () => {
  const admin = administration();

  test('lists what can be added, all of it or what a word occurs in', async () => {
    assert.ok((await admin.rows('server', 'catalogue')).length >= 30);
    const { stdout } = await admin.broker.run(['server', 'catalogue', 'atlassian cloud']);
    assert.match(stdout, /^atlassian: Atlassian/, 'one that is found is shown whole');
    const several = await admin.broker.run(['server', 'catalogue', 'sentry']);
    assert.match(several.stdout, /^sentry: /, 'so is one that has the name');
    const some = await admin.broker.run(['server', 'catalogue', 'Cloudflare’s']);
    assert.match(some.stdout, /^NAME +CREDENTIAL +RUNS +DESCRIPTION\ncloudflare +personal, OAuth +https:/);
    const none = await admin.broker.run(['server', 'catalogue', 'no-such']);
    assert.match(none.stdout, /no server has "no-such" in it; add --registry/);
    const mistyped = await admin.broker.run(['server', 'catalogue', 'grafna']);
    assert.match(mistyped.stdout, /no server has "grafna" in it \(did you mean grafana\?\)/);
  });

  test('shows of one what it needs, where that is made, and how it is added', async () => {
    const { stdout } = await admin.broker.run(['server', 'catalogue', 'github']);
    assert.match(stdout, /^needs +GITHUB_TOKEN: GitHub personal access token \(secret; of the account\)$/m);
    assert.match(stdout, /^ +A fine-grained token .*Contents: read/m);
    assert.match(stdout, /^oauth +possible, with --oauth; scopes repo read:org; a client is registered by hand first/m);
    assert.match(stdout, /^probe +get_me$/m);
    assert.match(stdout, /^next +mcpgate-broker server add --from github$/m);
  });
});

test('server catalogue --registry searches the registry of the configuration', async (t) => {
  const { broker, registry } = await withRegistry(t);
  registry.publish({
    name: 'com.example/wiki',
    description: 'Pages of \u001b[31mthe wiki',
    version: '1.0.0',
    remotes: [{ type: 'streamable-http', url: 'https://wiki.example.com/mcp' }],
  });
  registry.publish({ name: 'com.example/bundle', description: 'B', version: '1.0.0' });
  const { stdout } = await broker.run(['server', 'catalogue', '--registry', 'wiki']);
  assert.match(stdout, /^registry:com\.example\/wiki: com\.example\/wiki\n +Pages of the wiki$/m);
  assert.match(stdout, /Nobody at mcpgate has held this against/);
  const all = await broker.run(['server', 'catalogue', '--registry', 'example']);
  assert.match(all.stdout, /com\.example\/bundle cannot be added: it has neither an address nor a package/);
  const list = await broker.json(['server', 'catalogue', '--registry', 'example']);
  assert.ok(Array.isArray(list) && list.length === 1);
  const away = await broker.run(['server', 'catalogue', '--registry', 'none']);
  assert.match(away.stdout, /no server has "none" in it; leave out --registry/);
});
