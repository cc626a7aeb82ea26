import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { administration } from './fixtures/administration.ts';
import { temporaryFolder } from './fixtures/broker-process.ts';

const admin = administration();

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

  test('one wrong entry leaves everything as it was, and every mistake is named', async () => {
    const before = [await admin.rows('server', 'list'), await admin.rows('secret', 'list')].map((list) => list.length);
    const file = importFile(
      JSON.stringify({
        mcpServers: {
          fine: { command: 'npx', env: { API_TOKEN: 's3cr3t-6' } },
          'My Server': { command: 'npx' },
          github: { command: 'npx' },
          empty: {},
          wrong: { command: 'npx', args: 'not-a-list' },
          tight: { command: 'npx', limits: { memory: '1MiB' } },
        },
      }),
    );
    const { code, stderr } = await admin.failure(['server', 'import', file, '--isolation', 'other=per-user']);
    assert.equal(code, 2);
    assert.match(stderr, /"My Server" is no name.*for example to "my-server"/);
    assert.match(stderr, /github: a server of this name exists already/);
    assert.match(stderr, /empty: has neither `command` nor `url`/);
    assert.match(stderr, /wrong\.args: /);
    assert.match(stderr, /tight\.limits\.memory: write a size of 64MiB/);
    assert.match(stderr, /--isolation other: /);
    assert.doesNotMatch(stderr, /s3cr3t/);
    assert.deepEqual(
      [await admin.rows('server', 'list'), await admin.rows('secret', 'list')].map((list) => list.length),
      before,
    );
  });

  test('a file that is no JSON is refused with its line, and nothing of it is shown', async () => {
    const broken = await admin.failure(['server', 'import', importFile('{\n "mcpServers": {\n "a": "s3cr3t-7\n}')]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /client\.json:\d+: is not valid JSON/);
    assert.doesNotMatch(broken.stderr, /s3cr3t/);
    assert.match(
      (await admin.failure(['server', 'import', importFile('{"theme":"dark"}')])).stderr,
      /holds no \{"mcpServers"/,
    );
    assert.match((await admin.failure(['server', 'import', '/absent.json'])).stderr, /ENOENT/);
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
});
