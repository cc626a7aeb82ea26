import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { withoutReferences } from 'mcpgate-shared/values/secret-reference';
import { proposalOf } from './proposal-of.ts';

suite('what a proposal holds', () => {
  test('is the command, what it is given that is a name, and the names of variables', () => {
    assert.deepEqual(
      proposalOf('Linear (mine)', {
        command: '/home/ada/.nvm/versions/node/v22/bin/npx',
        args: [
          '-y',
          '@acme/linear-mcp@1.2.3',
          '--team',
          'payments',
          '--api-key',
          'lin_api_a1B2c3D4e5F6',
          '--root=/home/ada',
        ],
        env: { LINEAR_TOKEN: 'q7Jx2pLwZr9Kd3Vb8Nt5Hs1M', LOG_LEVEL: 'debug', PGURL: 'postgres://ada:hunter2@db/x' },
      }),
      {
        name: 'linear-mine',
        transport: {
          kind: 'stdio',
          command: 'npx',
          args: [
            '-y',
            '@acme/linear-mcp@1.2.3',
            '--team',
            '<value>',
            '--api-key',
            '${secret:linear-mine-api-key}',
            '--root=<value>',
          ],
          env: {
            LINEAR_TOKEN: '${secret:linear-mine-linear-token}',
            LOG_LEVEL: '',
            PGURL: '${secret:linear-mine-pgurl}',
          },
        },
      },
    );
  });

  test('is the address without user and what is no word in its path, with the names of parameters and headers', () => {
    assert.deepEqual(
      proposalOf('wiki', {
        url: 'https://ada:hunter2@wiki.example.com:8443/v1/mcp/9f8e7d6c5b4a39281706?api_key=abc&region=eu&flag#x',
        headers: { Authorization: 'Bearer q7Jx2pLwZr9Kd3Vb8Nt5Hs1M', 'X-Team': 'payments' },
      }),
      {
        name: 'wiki',
        transport: {
          kind: 'http',
          url: 'https://wiki.example.com:8443/v1/mcp/<value>?api_key=${secret:wiki-api-key}&region=<value>&flag=<value>',
          headers: { Authorization: 'Bearer ${secret:wiki-authorization}', 'X-Team': '' },
        },
      },
    );
  });

  test('is a container’s image with the variables that it is passed, and none of their values', () => {
    const proposal = proposalOf('gh', {
      command: 'docker',
      args: [
        'run',
        '-i',
        '--rm',
        '-e',
        'GITHUB_TOKEN',
        '-e',
        'GITHUB_HOST=https://git.example.com',
        'ghcr.io/github/github-mcp-server',
      ],
      env: { GITHUB_TOKEN: '${input:github}' },
    });
    assert.deepEqual(proposal?.transport, {
      kind: 'stdio',
      command: 'docker',
      args: [
        'run',
        '-i',
        '--rm',
        '-e',
        'GITHUB_TOKEN',
        '-e',
        'GITHUB_HOST=<value>',
        'ghcr.io/github/github-mcp-server',
      ],
      env: { GITHUB_TOKEN: '${secret:gh-github-token}' },
    });
  });

  test('is nothing of what entries of published guides keep secret, however it is written there', () => {
    interface Shape {
      id: string;
      entry: unknown;
      secrets: string[];
    }
    const folder = new URL('../../../../shared/src/entries/fixtures/', import.meta.url);
    const shapes = ['import-shapes.json', 'more-import-shapes.json', 'odd-import-shapes.json'].flatMap(
      (name): Shape[] => JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
    );
    let offered = 0;
    for (const { id, entry, secrets } of shapes) {
      const proposal = proposalOf(id, entry);
      if (proposal === null) continue;
      offered += 1;
      const { transport } = proposal;
      const texts = transport.kind === 'stdio' ? transport.args : [transport.url];
      const values = Object.values(transport.kind === 'stdio' ? transport.env : transport.headers);
      // A secret may be a word that is the name of its server, too.
      const said = [...texts, ...values].map(withoutReferences).join(' ');
      for (const secret of secrets) assert.ok(!said.includes(secret), `${id}: ${said}`);
    }
    assert.ok(offered > shapes.length * 0.9, `${offered} of ${shapes.length}`);
  });
});
