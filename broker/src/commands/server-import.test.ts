import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { administration } from './fixtures/administration.ts';
import { temporaryFolder } from './fixtures/broker-process.ts';

// Servers of published guides are imported here, and none of them may run: their broker finds no `npx`.
const admin = administration(undefined, { PATH: '/nonexistent' });

describe('server import', () => {
  const importFile = (text: string): string => {
    const file = join(temporaryFolder(), 'client.json');
    writeFileSync(file, text);
    return file;
  };

  test('are imported from a client configuration, its secrets moved into the vault and nowhere else', async () => {
    const file = importFile(`{
      // what a developer had in ~/.cursor/mcp.json
      "mcpServers": {
        "github": {
          "command": "docker",
          "args": ["run", "-i", "--rm", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN", "ghcr.io/github/github-mcp-server"],
          "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_s3cr3tAAAABBBBCCCCDDDDEEEEFFFF000011" },
        },
        "slack": { "command": "npx", "args": ["-y", "slack-mcp", "--bot-token", "xoxb-s3cr3t-2"], "disabled": true },
        "sentry": { "type": "http", "url": "https://mcp.sentry.dev/mcp?key=s3cr3t-3", "headers": { "Authorization": "Bearer s3cr3t-4" } },
        "postgres": { "command": "npx", "args": ["-y", "pg-mcp", "postgresql://app:s3cr3t-5@db/app"] },
        "memory": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"], "limits": { "memory": "300MiB", "processes": "none" } },
        "mcpgate": { "command": "/home/dev/.config/mcpgate/bin/mcpgate", "args": ["serve"] },
      },
    }`);
    const { code, stdout, stderr } = await admin.broker.run([
      'server',
      'import',
      file,
      '--isolation',
      'memory=per-user',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^imported github, slack, sentry, postgres, memory$/m);
    assert.match(stdout, /github: env GITHUB_PERSONAL_ACCESS_TOKEN is now the secret github-personal-access-token/);
    assert.match(stdout, /mcpgate itself; left out/);

    const servers = await admin.rows('server', 'list');
    const byName = new Map(servers.map((server) => [server['name'], server]));
    assert.deepEqual(byName.get('github')?.['env'], {
      GITHUB_PERSONAL_ACCESS_TOKEN: '${secret:github-personal-access-token}',
    });
    assert.deepEqual(byName.get('sentry')?.['headers'], { Authorization: 'Bearer ${secret:sentry-authorization}' });
    assert.equal(byName.get('sentry')?.['url'], 'https://mcp.sentry.dev/mcp?key=${secret:sentry-key}');
    assert.equal(byName.get('slack')?.['enabled'], false);
    assert.equal(byName.get('memory')?.['isolation'], 'per-user');
    const limits = Object(byName.get('memory')?.['limits']) as Record<string, unknown>;
    assert.deepEqual([limits['memory_bytes'], limits['processes']], [300 * 1024 ** 2, null]);
    assert.deepEqual(
      (await admin.rows('secret', 'list'))
        .map((secret) => [secret['name'], secret['servers']])
        .filter(([name]) => name !== 'github-token'),
      [
        ['github-personal-access-token', ['github']],
        ['postgres-argument-password', ['postgres']],
        ['sentry-authorization', ['sentry']],
        ['sentry-key', ['sentry']],
        ['slack-bot-token', ['slack']],
      ],
    );

    const events = await admin.rows('audit', 'search', '--events', '--limit', '1000');
    assert.equal(events.filter((event) => event['type'] === 'server.imported').length, 5);
    const answers = JSON.stringify([servers, events]) + stdout + admin.broker.stderr();
    assert.doesNotMatch(answers, /s3cr3t/);
    for (const name of readdirSync(admin.broker.dataDir)) {
      const path = join(admin.broker.dataDir, name);
      if (!statSync(path).isFile()) continue;
      assert.ok(!readFileSync(path).includes('s3cr3t'), `${name} holds a secret in plain text`);
    }
  });

  test('nothing of one entry stops the others: names are made, what cannot be taken is left out, and all of it is told', async () => {
    const file = importFile(
      JSON.stringify({
        mcpServers: {
          fine: { command: 'npx', env: { API_TOKEN: 's3cr3t-6', EMPTY: null, '': 'x' }, autoApprove: ['a'], oauth: {} },
          'My Server': { command: 'npx', headersHelper: 'x' },
          'my-server': { command: 'uvx' },
          github: { command: 'npx', args: ['other', null] },
          none: null,
          empty: {},
          blank: { command: ' ', url: '' },
          wrong: { command: 'npx', args: 7 },
          tight: { command: 'npx', limits: { memory: '1MiB' } },
          '': { command: 'nameless' },
          both: { command: 'ls', url: 'https://a.example/mcp', headers: { A: 'b' } },
          reached: { url: 'https://a.example/mcp', args: ['--x'], env: {} },
        },
        projects: { '/home/dev/shop': { mcpServers: { shop: { command: 'x', env: { A_TOKEN: 's3cr3t-9' } } } } },
      }),
    );
    const before = (await admin.rows('server', 'list')).length;
    const dry = Object(await admin.broker.json(['server', 'import', file, '--dry-run']));
    assert.equal(dry['dry_run'], true);
    assert.equal((await admin.rows('server', 'list')).length, before, 'a dry run changes nothing');
    const { code, stdout, stderr } = await admin.broker.run(['server', 'import', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^imported fine, my-server, my-server-2, github-2, server, both, reached$/m);
    assert.match(stdout, /my-server: is named "My Server" in the file/);
    assert.match(stdout, /github-2: is named "github" in the file/);
    assert.match(stdout, /fine: autoApprove, oauth mean something to the AI client alone; left out/);
    assert.match(stdout, /My Server: headersHelper mean/);
    assert.match(stdout, /both: it has a command, which counts; url, headers left out/);
    assert.match(stdout, /reached: it is reached at its URL; args left out/);
    assert.match(stdout, /fine: what is null or has no name in env was left out/);
    assert.match(stdout, /none: is empty; left out/);
    assert.match(stdout, /empty: has neither `command` nor `url`; left out/);
    assert.match(stdout, /blank: has neither/);
    assert.match(stdout, /wrong\.args: .*left out/);
    assert.match(stdout, /tight\.limits\.memory: write a size of 64MiB.*left out/);
    assert.match(stdout, /the project \/home\/dev\/shop has servers of its own, which are left out: shop/);
    assert.doesNotMatch(stdout + stderr, /s3cr3t/);

    const again = await admin.failure(['server', 'import', file]);
    assert.equal(again.code, 2, 'what is there already is not registered twice');
    assert.match(again.stderr, /all that can be is registered already/);
    assert.match(again.stderr, /fine: is registered already as fine; left out/);
    assert.match(again.stderr, /My Server: is registered already as my-server/);
    const flag = await admin.failure(['server', 'import', file, '--isolation', 'other=per-user']);
    assert.match(flag.stderr, /--isolation other: the file has no server of this name/);
  });

  test('a name that it makes up is none of the vault, whether or not a server uses that', async () => {
    await admin.broker.json(['secret', 'set', 'kept-api-key'], { stdin: 'kept-v4lue' });
    await admin.broker.json(['secret', 'set', 'kept-other-token'], { stdin: 'kept-v4lue' });
    const env = { API_KEY: 'opaque-s3cr3t', OTHER_TOKEN: '${input:token}' };
    const file = importFile(JSON.stringify({ mcpServers: { kept: { command: 'node', args: ['x.mjs'], env } } }));
    for (const words of [['--dry-run'], []]) {
      const result = Object(await admin.broker.json(['server', 'import', file, ...words]));
      const names = (key: string) => (result[key] as { name: string }[]).map(({ name }) => name);
      assert.deepEqual([names('secrets'), names('unset')], [['kept-api-key-2'], ['kept-other-token-2']]);
    }
    const kept = (await admin.rows('secret', 'list')).filter(({ name }) => String(name).startsWith('kept-'));
    assert.deepEqual(
      kept.map(({ name, version, servers }) => [name, version, servers]),
      [
        ['kept-api-key', 1, []],
        ['kept-api-key-2', 1, ['kept']],
        ['kept-other-token', 1, []],
      ],
    );
  });

  test('what no program can tell goes into the vault and is named as doubtful', async () => {
    const file = importFile(
      JSON.stringify({
        mcpServers: { acme: { url: 'https://a.example/mcp', headers: { 'X-Acme-Access': 'q7Jx2pLw' } } },
      }),
    );
    const dry = Object(await admin.broker.json(['server', 'import', file, '--dry-run']));
    assert.deepEqual(dry['secrets'], [
      { name: 'acme-x-acme-access', server: 'acme', from: 'header X-Acme-Access', kind: 'doubtful' },
    ]);
    const { stdout } = await admin.broker.run(['server', 'import', file, '--yes']);
    assert.match(stdout, /header X-Acme-Access is now the secret acme-x-acme-access \(it may be none\)/);
    assert.doesNotMatch(stdout, /q7Jx2pLw/);
  });

  const formats: Record<
    string,
    { file: string; text: string; servers: string[]; secrets: string[]; unset?: string[] }
  > = {
    Zed: {
      file: 'settings.json',
      text: `\uFEFF// mine\n{ "theme": "One", "context_servers": { "kagi": { "source": "custom", "command": "uvx", "args": ["kagimcp"], "env": { "KAGI_API_KEY": "s3cr3t-zed" }, }, "from-extension": { "source": "extension", "settings": { "token": "x" } } } }`,
      servers: ['kagi'],
      secrets: ['kagi-api-key'],
    },
    OpenCode: {
      file: 'opencode.jsonc',
      text: `{ "mcp": { "oc": { "type": "local", "command": ["npx", "-y", "x", "--token", "s3cr3t-oc"], "environment": { "A_KEY": "{env:A_KEY}" }, "enabled": false }, "oc-far": { "type": "remote", "url": "https://a.example/mcp", "headers": { "Authorization": "Bearer {env:FAR}" } } } }`,
      servers: ['oc', 'oc-far'],
      secrets: ['oc-token'],
      unset: ['oc-a-key', 'oc-far-authorization'],
    },
    Codex: {
      file: 'config.toml',
      text: `model = "o3"\n[mcp_servers.figma]\nurl = "https://mcp.figma.com/mcp"\nbearer_token_env_var = "FIGMA"\nhttp_headers = { "X-Region" = "eu", "X-Api-Key" = "s3cr3t-cx" }\nenv_http_headers = { "X-Org" = "ORG" }\nstartup_timeout_sec = 20\n[mcp_servers.cx]\ncommand = "npx"\nargs = ["-y", "x"]\nenv_vars = ["GITHUB_TOKEN", "HOME"]\n[mcp_servers.cx.env]\nDB_PASS = "s3cr3t-cx2"\n`,
      servers: ['figma', 'cx'],
      secrets: ['figma-x-api-key', 'cx-db-pass'],
      unset: ['figma-x-org', 'figma-authorization', 'cx-github-token'],
    },
    Goose: {
      file: 'config.yaml',
      text: `GOOSE_MODEL: x\nextensions:\n  developer: { type: builtin, name: developer, enabled: true }\n  gs:\n    type: stdio\n    cmd: npx\n    args: ["-y", "x"]\n    envs: { LEVEL: info, API_TOKEN: s3cr3t-gs }\n    env_keys: [GITHUB_PAT]\n    enabled: true\n  gs-far:\n    type: streamable_http\n    uri: https://a.example/mcp\n    headers: { Authorization: Bearer s3cr3t-gs2 }\n`,
      servers: ['gs', 'gs-far'],
      secrets: ['gs-api-token', 'gs-far-authorization'],
      unset: ['gs-github-pat'],
    },
    Cline: {
      file: 'cline_mcp_settings.json',
      text: `{ "mcpServers": { "cl": { "command": "npx", "args": ["x"], "env": { "K_TOKEN": "s3cr3t-cl" }, "alwaysAllow": ["a"], "disabled": true, "timeout": 60, "transportType": "stdio" } } }`,
      servers: ['cl'],
      secrets: ['cl-k-token'],
    },
    'a list in which a name stands twice': {
      file: 'list.json',
      text: `{ "mcpServers": [{ "name": "tw", "command": "npx", "args": ["a"] }, { "name": "tw", "command": "npx", "args": ["b"] }, { "name": "tw", "command": "npx", "args": ["a"] }], "servers": { "tw": { "url": "https://tw.example/mcp" } } }`,
      servers: ['tw', 'tw-2', 'tw-3'],
      secrets: [],
    },
    'VS Code': {
      file: 'mcp.json',
      text: `{ "inputs": [{ "type": "promptString", "id": "what", "password": true }, { "type": "promptString", "id": "org" }], "servers": { "vs": { "command": "npx", "env": { "SOMETHING": "\${input:what}", "ORG": "\${input:org}" } } } }`,
      servers: ['vs'],
      secrets: [],
      unset: ['vs-something'],
    },
  };
  for (const [client, { file: name, text, servers, secrets, unset = [] }] of Object.entries(formats)) {
    test(`a file of ${client} is taken as it is`, async () => {
      const file = join(temporaryFolder(), name);
      writeFileSync(file, text);
      const result = Object(await admin.broker.json(['server', 'import', file]));
      assert.deepEqual(result['servers'], servers);
      const namesOf = (list: unknown): unknown[] =>
        Array.isArray(list) ? list.map((each) => Object(each)['name']) : [];
      assert.deepEqual(namesOf(result['secrets']), secrets);
      assert.deepEqual(namesOf(result['unset']), unset);
      assert.doesNotMatch(JSON.stringify(await admin.rows('server', 'list')), /s3cr3t/);
    });
  }

  test('a file that is no JSON is refused with its line, and nothing of it is shown', async () => {
    const broken = await admin.failure(['server', 'import', importFile('{\n "mcpServers": {\n "a": "s3cr3t-7\n}')]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /client\.json:\d+: is not valid JSON/);
    assert.doesNotMatch(broken.stderr, /s3cr3t/);
    assert.match(
      (await admin.failure(['server', 'import', importFile('{"theme":"dark"}')])).stderr,
      /holds no \{"mcpServers"/,
    );
    assert.match(
      (await admin.failure(['server', 'import', '/absent.json'])).stderr,
      /absent\.json: cannot be read: there is no such file/,
    );
    assert.match((await admin.failure(['server', 'import', '/dev/zero'])).stderr, /\/dev\/zero: larger than 67108864 /);
  });

  test('placeholders of a client become references whose value is asked for', async () => {
    const file = importFile(
      JSON.stringify({
        servers: { vscode: { type: 'http', url: 'https://a.example/mcp', headers: { 'X-Api-Key': '${input:key}' } } },
      }),
    );
    const result = Object(await admin.broker.json(['server', 'import', file]));
    assert.deepEqual(result['secrets'], []);
    assert.deepEqual(result['unset'], [{ name: 'vscode-x-api-key', server: 'vscode', from: 'header X-Api-Key' }]);
  });

  test('of all entries of published guides at once nothing stands in clear: not in the database, the records, the log or an answer', async () => {
    interface Shape {
      id: string;
      entry: unknown;
      secrets: string[];
      plain: string[];
    }
    const shapes = ['import-shapes.json', 'more-import-shapes.json'].flatMap(
      (name): Shape[] =>
        JSON.parse(
          readFileSync(new URL(`../../../shared/src/entries/fixtures/${name}`, import.meta.url), 'utf8'),
        ) as Shape[],
    );
    const file = importFile(
      JSON.stringify({ mcpServers: Object.fromEntries(shapes.map(({ id, entry }) => [id, entry])) }),
    );
    const { code, stdout, stderr } = await admin.broker.run(['server', 'import', file, '--json']);
    assert.equal(code, 0, stderr);
    const records = JSON.stringify(await admin.rows('server', 'list'));
    const events = JSON.stringify(await admin.rows('audit', 'search', '--events', '--limit', '1000'));
    const files = readdirSync(admin.broker.dataDir)
      .map((name) => join(admin.broker.dataDir, name))
      .filter((path) => statSync(path).isFile() && !path.endsWith('client.json'))
      .map((path) => readFileSync(path));
    const texts = [stdout, stderr, records, events, admin.broker.stderr()];
    const plain = shapes.flatMap((shape) => shape.plain);
    // Shorter ones stand in ordinary words too; `import-shapes.test.ts` looks at each record by itself.
    const secrets = shapes
      .flatMap((shape) => shape.secrets)
      .filter((secret) => secret.length >= 6 && !plain.some((text) => text.includes(secret)));
    for (const secret of secrets) {
      const spelt = JSON.stringify(secret).slice(1, -1);
      for (const text of texts) assert.ok(!text.includes(secret) && !text.includes(spelt), `${secret} is said`);
      // Six letters of hexadecimal stand in some random id now and then.
      for (const bytes of secret.length < 8 ? [] : files)
        assert.ok(!bytes.includes(secret) && !bytes.includes(spelt), `${secret} is in the data folder in clear`);
    }
  });
});
