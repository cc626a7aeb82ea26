import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CLIENTS, findClient } from '../client-table.ts';
import type { Client } from '../client.ts';
import { tokensInText } from './find-tokens.ts';

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
const OTHER = 'q7Jx2pLwZr9Kd3Vb8Nt5Hs1Mc6Yf4Ga0';

const clientOf = (name: string): Client => findClient(name) ?? assert.fail(name);

/** A file of this client with the entry `github`, in its own shape. */
function fileOf({ name, format }: Client): string {
  const env = { GITHUB_PERSONAL_ACCESS_TOKEN: TOKEN };
  const command = 'npx';
  const args = ['-y', '@modelcontextprotocol/server-github'];
  if (name === 'codex')
    return `model = "o3"\n\n[mcp_servers.github]\ncommand = "npx"\nargs = ["-y", "x"]\n\n[mcp_servers.github.env]\nGITHUB_PERSONAL_ACCESS_TOKEN = "${TOKEN}"\n\n[tui]\ntheme = "dark"\n`;
  if (name === 'opencode')
    return JSON.stringify({
      mcp: { github: { type: 'local', command: [command, ...args], environment: env } },
      theme: 'dark',
    });
  const container = format.put('', 'file', { command: 'x' }).text.match(/"(\w+)"/)?.[1] ?? '';
  return JSON.stringify({ [container]: { github: { command, args, env } }, theme: 'dark' }, null, 2);
}

const found = async (client: string, entries: unknown) => {
  const text = JSON.stringify({ mcpServers: entries });
  const tokens = await tokensInText(clientOf(client), 'file', text);
  return tokens.entries.flatMap(({ name, secrets }) => secrets.map(({ from, value }) => [name, from, value]));
};

suite('tokens in the files of AI clients', () => {
  for (const client of CLIENTS) {
    test(`${client.title}: a token in an entry is found, and the entry can be taken out alone`, async () => {
      const text = fileOf(client);
      const { entries, elsewhere } = await tokensInText(client, 'file', text);
      assert.deepEqual(
        entries.map(({ name, secrets }) => [name, secrets.map(({ value, kind }) => [kind, value])]),
        [['github', [['secret', TOKEN]]]],
      );
      assert.match(entries[0]?.secrets[0]?.from ?? '', /GITHUB_PERSONAL_ACCESS_TOKEN/);
      assert.deepEqual(elsewhere, []);
      const left = client.format.without(text, 'file', entries[0]?.path ?? []);
      assert.deepEqual(client.format.entries(left, 'file'), []);
      assert.ok(!left.includes(TOKEN) && left.includes('dark'), left);
    });
  }

  test('stand in variables, headers, arguments and URLs, and in what only the client understands', async () => {
    assert.deepEqual(
      await found('cursor', {
        generic: { command: 'x', env: { ACME_API_KEY: OTHER, LOG_LEVEL: 'debug', ACME_PASSWORD: 'hunter2' } },
        headers: { url: 'https://a.example.com/mcp', headers: { Authorization: `Bearer ${OTHER}` } },
        argument: { command: 'x', args: ['--token', OTHER, `--key=${OTHER}x`] },
        address: { url: `https://ada:s3cret-Pw99@a.example.com/mcp?api_key=${OTHER}` },
        settings: { command: 'x', settings: { github_personal_access_token: TOKEN } },
        odd: { settings: { auth: { client_secret: OTHER } } },
        none: { command: 'x', args: ['-y', 'server'], env: { TOKEN: '${env:TOKEN}', API_KEY: 'your-key-here' } },
      }),
      [
        ['generic', 'env ACME_API_KEY', OTHER],
        ['generic', 'env ACME_PASSWORD', 'hunter2'],
        ['headers', 'header Authorization', OTHER],
        ['argument', 'argument --token', OTHER],
        ['argument', 'argument --key', `${OTHER}x`],
        ['address', 'password of the URL', 's3cret-Pw99'],
        ['address', 'URL parameter api_key', OTHER],
        ['settings', 'settings, github_personal_access_token', TOKEN],
        ['odd', 'settings, client_secret', OTHER],
      ],
    );
  });

  test('of a project, which Claude Code keeps in the person’s own file, are found with it', async () => {
    const text = JSON.stringify({
      projects: { '/home/ada/shop': { mcpServers: { sentry: { command: 'x', env: { SENTRY_AUTH_TOKEN: OTHER } } } } },
    });
    const client = clientOf('claude-code');
    const { entries } = await tokensInText(client, 'file', text);
    assert.deepEqual(
      entries.map(({ path }) => path),
      [['projects', '/home/ada/shop', 'mcpServers', 'sentry']],
    );
    const left = client.format.without(text, 'file', entries[0]?.path ?? []);
    assert.deepEqual(JSON.parse(left), { projects: { '/home/ada/shop': { mcpServers: {} } } });
  });

  test('of the client itself are told apart from those of servers, and those in mcpgate’s own entry are none', async () => {
    const text = `// ${TOKEN}x\n${JSON.stringify({ mcpServers: { mcpgate: { command: '/x/mcpgate', args: ['serve'] } }, key: TOKEN })}`;
    const tokens = await tokensInText(clientOf('cursor'), 'file', text);
    assert.deepEqual(tokens.entries, []);
    assert.ok(tokens.elsewhere.includes(TOKEN), tokens.elsewhere.join());
  });
});
