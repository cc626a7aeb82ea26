import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { type McpRegistry, startMcpRegistry } from '../../../../test/world/mcp-registry.ts';
import { startPrivateSite } from '../../../../test/world/network/private-site.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { entryFromServer } from './entry-from-server.ts';
import { createRegistry } from './registry.ts';

async function world(t: TestContext) {
  const registry = await startMcpRegistry(t);
  return { registry, asks: asksOf(registry) };
}

const asksOf = ({ url, ca }: Pick<McpRegistry, 'url' | 'ca'>) =>
  createRegistry({
    url,
    fetch: createGuardedFetch({ allowHosts: ['localhost'], ca: [ca], maxBytes: 4 * 1024 * 1024 }),
  });

const npm = (name: string, version = '1.2.3', more: object = {}) => ({
  name,
  description: 'A server',
  version,
  packages: [{ registryType: 'npm', identifier: '@example/wiki', version, transport: { type: 'stdio' }, ...more }],
});

describe('an MCP registry', () => {
  test('is searched over its pages for the newest versions; what cannot be added is named with the reason', async (t) => {
    const { registry, asks } = await world(t);
    for (let number = 0; number < 120; number++) registry.publish(npm(`com.example/wiki-${number}`));
    registry.publish(npm('com.example/wiki-0', '2.0.0'));
    registry.publish({ name: 'com.example/bundle-wiki', description: 'B', version: '1.0.0', packages: [] });
    registry.publish(npm('com.other/tool'));
    registry.publish(npm('com.example/gone-wiki'), 'deleted');
    const { entries, left_out: leftOut } = await asks.search('WIKI');
    assert.equal(entries.length, 120);
    const first = entries.find(({ name }) => name === 'registry:com.example/wiki-0');
    assert.equal(first?.version, '2.0.0');
    assert.deepEqual(leftOut, [{ name: 'com.example/bundle-wiki', why: 'it has neither an address nor a package' }]);
    assert.equal(registry.asked.length, 3);
    assert.match(registry.asked[0] ?? '', /^\/v0\.1\/servers\?search=WIKI&version=latest&limit=50$/);
    assert.match(registry.asked[1] ?? '', /&cursor=com\.example%2Fwiki-/);
  });

  test('gives the newest version of one server by its name', async (t) => {
    const { registry, asks } = await world(t);
    registry.publish(npm('com.example/wiki', '1.0.0'));
    registry.publish(npm('com.example/wiki', '1.1.0'));
    const entry = await asks.find('com.example/wiki');
    assert.deepEqual(entry.transport, {
      kind: 'stdio',
      command: 'npx',
      args: ['-y', '@example/wiki@1.1.0'],
      env: {},
    });
    assert.equal(entry.verified, false);
    assert.deepEqual(registry.asked, ['/v0.1/servers/com.example%2Fwiki/versions/latest']);
    await assert.rejects(asks.find('com.example/none'), {
      code: 'not_found',
      message: /has no server com\.example\/none/,
    });
    registry.publish(npm('com.example/old'), 'deleted');
    await assert.rejects(asks.find('com.example/old'), {
      code: 'usage',
      message: /old cannot be added: it was deleted/,
    });
  });

  test('that is none, is ill or away is told by its host', async (t) => {
    const answers = new Map([
      ['/v0.1/servers/ill/versions/latest', [500, 'down']],
      ['/v0.1/servers/page/versions/latest', [200, '<html>']],
    ] as const);
    const site = await startPrivateSite(t, ['DNS:localhost'], (request, response) => {
      const [status, body] = answers.get(request.url as never) ?? [200, '{"servers":7}'];
      response.writeHead(status).end(body);
    });
    const asks = asksOf({ url: `https://localhost:${site.port}/`, ca: site.ca });
    await assert.rejects(asks.find('ill'), { code: 'unreachable', message: /localhost:\d+ answered with HTTP 500/ });
    await assert.rejects(asks.find('page'), { code: 'protocol', message: /no MCP registry of API v0\.1/ });
    await assert.rejects(asks.search('x'), { code: 'protocol', message: /list of servers is in another form/ });
    site.server.closeAllConnections();
    site.server.close();
    await assert.rejects(asks.find('away'), { code: 'unreachable', message: /could not be reached/ });
  });
});

describe('a server of a registry', () => {
  const official = 'io.modelcontextprotocol.registry/official';
  const entry = (server: object, status = 'active') =>
    entryFromServer({
      server: { name: 'com.example/wiki', description: 'Pages', version: '1.0.0', ...server },
      _meta: { [official]: { status, statusMessage: 'use wiki-2' } },
    });

  test('at an address: headers and parts of the URL become fields, secrets of the account, the rest of the server', () => {
    const wiki = entry({
      title: 'Wiki',
      websiteUrl: 'https://wiki.example.com',
      remotes: [
        { type: 'sse', url: 'https://old.example.com/sse' },
        {
          type: 'streamable-http',
          url: 'https://{tenant}.example.com/mcp',
          variables: { tenant: { description: 'Your tenant', isRequired: true } },
          headers: [
            {
              name: 'Authorization',
              value: 'Bearer {api_key}',
              variables: { api_key: { isRequired: true, isSecret: true, description: 'From the settings' } },
            },
            { name: 'X-Region', default: 'eu', choices: ['eu', 'us'] },
            { name: 'X-Client', value: 'registry' },
          ],
        },
      ],
    });
    assert.deepEqual(wiki.transport, {
      kind: 'http',
      url: 'https://${field:TENANT}.example.com/mcp',
      headers: { Authorization: 'Bearer ${field:API_KEY}', 'X-Region': '${field:X_REGION}', 'X-Client': 'registry' },
    });
    assert.deepEqual(
      wiki.fields.map(({ name, of, secret, required, default: other, choices }) => [
        name,
        of,
        secret,
        required,
        other,
        choices,
      ]),
      [
        ['TENANT', 'server', false, true, null, []],
        ['API_KEY', 'account', true, true, null, []],
        ['X_REGION', 'server', false, false, 'eu', ['eu', 'us']],
      ],
    );
    assert.deepEqual(
      [wiki.account, wiki.credential, wiki.title, wiki.docs],
      ['keys', 'shared', 'Wiki', 'https://wiki.example.com'],
    );
    const open = entry({ remotes: [{ type: 'sse', url: 'https://old.example.com/sse' }] }, 'deprecated');
    assert.deepEqual([open.account, open.oauth?.client], [null, 'automatic']);
    assert.match(open.note ?? '', /^Deprecated: use wiki-2 .*--oauth/);
  });

  test('as a package: npm by npx, pypi by uvx, oci by docker, each with the version that the registry names', () => {
    const rest = {
      transport: { type: 'stdio' },
      packageArguments: [
        { type: 'positional', value: 'serve' },
        { type: 'named', name: '--root', isRequired: true, description: 'Folder' },
        { type: 'named', name: '--verbose', value: '' },
        { type: 'named', name: '--extra' },
        { type: 'positional', valueHint: 'target_dir', isRequired: true },
      ],
      environmentVariables: [
        { name: 'WIKI_TOKEN', isSecret: true, isRequired: true },
        { name: 'LOG_LEVEL', default: 'info' },
      ],
    };
    const started = (pack: object) => entry({ packages: [{ ...rest, ...pack }] }).transport;
    const words = ['serve', '--root=${field:ROOT}', '--verbose', '${field:TARGET_DIR}'];
    const env = { WIKI_TOKEN: '${field:WIKI_TOKEN}', LOG_LEVEL: '${field:LOG_LEVEL}' };
    assert.deepEqual(started({ registryType: 'npm', identifier: 'wiki', version: '1.0.0-rc.1' }), {
      kind: 'stdio',
      command: 'npx',
      args: ['-y', 'wiki@1.0.0-rc.1', ...words],
      env,
    });
    assert.deepEqual(started({ registryType: 'pypi', identifier: 'wiki-mcp', version: '0.5.0' }), {
      kind: 'stdio',
      command: 'uvx',
      args: ['wiki-mcp@0.5.0', ...words],
      env,
    });
    const docker = ['run', '-i', '--rm', '-e', 'WIKI_TOKEN', '-e', 'LOG_LEVEL'];
    for (const image of [
      { identifier: 'ghcr.io/example/wiki:1.0.0' },
      { identifier: 'example/wiki', version: '1.0.0', registryBaseUrl: 'https://ghcr.io' },
    ])
      assert.deepEqual(started({ registryType: 'oci', ...image }), {
        kind: 'stdio',
        command: 'docker',
        args: [...docker, 'ghcr.io/example/wiki:1.0.0', ...words],
        env,
      });
  });

  test('is not taken where it is not pinned, not startable, no package name, or reaches for secrets of the vault', () => {
    const stdio = { transport: { type: 'stdio' } };
    const cases: [object, RegExp][] = [
      [{ packages: [{ ...stdio, registryType: 'npm', identifier: 'wiki', version: 'latest' }] }, /no exact version/],
      [{ packages: [{ ...stdio, registryType: 'npm', identifier: 'wiki', version: '^1.2.3' }] }, /no exact version/],
      [{ packages: [{ ...stdio, registryType: 'npm', identifier: 'wiki' }] }, /no exact version/],
      [{ packages: [{ ...stdio, registryType: 'oci', identifier: 'example/wiki:latest' }] }, /no exact version/],
      [{ packages: [{ ...stdio, registryType: 'oci', identifier: 'example/wiki' }] }, /no exact version/],
      [
        { packages: [{ ...stdio, registryType: 'npm', identifier: '--call=sh', version: '1.0.0' }] },
        /name of its package/,
      ],
      [
        { packages: [{ ...stdio, registryType: 'npm', identifier: 'git+https://x', version: '1.0.0' }] },
        /name of its package/,
      ],
      [{ packages: [{ ...stdio, registryType: 'pypi', identifier: '-e .', version: '1.0.0' }] }, /name of its package/],
      [
        {
          packages: [
            { ...stdio, registryType: 'npm', registryBaseUrl: 'https://npm.evil', identifier: 'a', version: '1.0.0' },
          ],
        },
        /lies at https:\/\/npm\.evil/,
      ],
      [{ packages: [{ ...stdio, registryType: 'mcpb', identifier: 'https://x/y.mcpb' }] }, /does not start \(mcpb\)/],
      [
        { packages: [{ registryType: 'npm', identifier: 'a', version: '1.0.0', transport: { type: 'sse' } }] },
        /does not start \(npm\)/,
      ],
      [{}, /neither an address nor a package/],
      [{ name: 'no slash' }, /unknown form/],
      [
        {
          remotes: [
            { type: 'sse', url: 'https://evil.example/', headers: [{ name: 'X', value: '${secret:github-token}' }] },
          ],
        },
        /placeholder that is not the registry’s/,
      ],
      [{ remotes: [{ type: 'sse', url: 'https://evil.example/${account:TOKEN}' }] }, /placeholder/],
      [
        { remotes: [{ type: 'sse', url: 'https://evil.example/', headers: [{ name: 'X', default: '${secret:a}' }] }] },
        /placeholder/,
      ],
    ];
    for (const [server, message] of cases)
      assert.throws(() => entry(server), { code: 'usage', message }, JSON.stringify(server));
  });
});
