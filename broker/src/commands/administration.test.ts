import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  brokerCommandLines,
  runBrokerCommand,
  startBrokerProcess,
  temporaryFolder,
  type BrokerProcess,
} from './fixtures/broker-process.ts';

let broker: BrokerProcess;
before(async () => {
  broker = await startBrokerProcess();
});
after(async () => {
  await broker.stop('SIGKILL');
});

type Row = Record<string, unknown>;
const rows = async (...args: string[]): Promise<Row[]> => {
  const list = await broker.json(args);
  assert.ok(Array.isArray(list));
  return list;
};
const keys = (value: unknown): string[] => Object.keys(Object(value)).sort();
const failure = async (args: string[], stdin?: string): Promise<{ code: number | null; stderr: string }> => {
  const { code, stdout, stderr } = await broker.run(args, stdin);
  assert.equal(stdout, '', `nothing on stdout: ${args.join(' ')}`);
  return { code, stderr };
};

describe('without a broker', () => {
  test('every command says what to do and exits 4', async () => {
    const { code, stderr } = await runBrokerCommand(['user', 'list', '--data', temporaryFolder()]);
    assert.equal(code, 4);
    assert.match(stderr, /^mcpgate-broker: no broker is running on .*mcpgate-broker start --data/);
  });

  test('--url needs a token, and names an address that does not answer', async () => {
    assert.equal((await runBrokerCommand(['status', '--url', 'http://127.0.0.1:1'])).code, 3);
    const env = { MCPGATE_ADMIN_TOKEN: 't' };
    assert.equal((await runBrokerCommand(['status', '--url', 'http://127.0.0.1:1'], { env })).code, 4);
    const refused = await runBrokerCommand(['status', '--url', broker.url], { env });
    assert.equal(refused.code, 3);
    assert.doesNotMatch(refused.stderr, /\bt\b at/);
  });
});

describe('people', () => {
  test('are added, listed, shown, put into groups, and refused twice', async () => {
    const ada = await broker.json(['user', 'add', 'ada', '--email', 'ada@example.com', '--group', 'eng', 'qa']);
    assert.deepEqual(keys(ada), [
      'created_at',
      'disabled',
      'disabled_at',
      'email',
      'groups',
      'has_password',
      'id',
      'name',
      'role',
    ]);
    assert.equal((await rows('user', 'list'))[0]?.['name'], 'ada');
    const again = await failure(['user', 'add', 'ada']);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /ada/);
    assert.equal((await failure(['user', 'add', 'Not A Name'])).code, 2);
    assert.equal((await failure(['user', 'add', 'bob', '--role', 'king'])).code, 2);
    assert.equal((await failure(['user', 'show', 'nobody'])).code, 1);

    await broker.json(['user', 'add', 'grace']);
    await broker.json(['group', 'add', 'eng', 'grace']);
    assert.deepEqual(await rows('group', 'list'), [
      { name: 'eng', members: ['ada', 'grace'] },
      { name: 'qa', members: ['ada'] },
    ]);
    await broker.json(['group', 'remove', 'eng', 'grace']);
    assert.deepEqual((await rows('user', 'list')).find((user) => user['name'] === 'grace')?.['groups'], []);
  });

  test('get a one-time link for their password', async () => {
    const { stdout } = await broker.run(['user', 'link', 'ada']);
    assert.match(stdout, /^http:\S+\/link\?\S+\n$/);
    assert.equal((await fetch(stdout.trim())).status, 200);
  });

  test('are disabled with a receipt, as the contract names its fields, and enabled again', async () => {
    const receipt = await broker.json(['user', 'disable', 'ada']);
    assert.deepEqual(keys(receipt), ['at', 'calls_cancelled', 'links_closed', 'ms', 'subject', 'tokens_revoked']);
    assert.equal(Object(receipt)['subject'], 'user:ada');
    assert.equal(Object(await broker.json(['user', 'enable', 'ada']))['disabled'], false);
  });
});

describe('secrets', () => {
  test('come from stdin, lose the line end, and are listed without a value', async () => {
    const set = await broker.json(['secret', 'set', 'github-token'], { stdin: 'first-v4lue\n' });
    assert.equal(Object(set)['version'], 1);
    await broker.json(['secret', 'set', 'github-token'], { stdin: 'second-v4lue\n' });
    const list = await rows('secret', 'list');
    assert.deepEqual(keys(list[0]), ['created_at', 'last_used_at', 'name', 'servers', 'source', 'version']);
    assert.equal(list[0]?.['version'], 2);
    assert.doesNotMatch(JSON.stringify(list) + broker.stderr(), /v4lue/);
  });

  test('are refused as an argument, and nothing is stored', async () => {
    const { code, stderr } = await failure(['secret', 'set', 'by-argument', 'hunter2-hunter2']);
    assert.equal(code, 2);
    assert.match(stderr, /command line can be read by other people/);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.equal((await failure(['secret', 'set', 'empty'], '\n')).code, 2);
    assert.deepEqual(
      (await rows('secret', 'list')).map((secret) => secret['name']),
      ['github-token'],
    );
  });
});

describe('servers', () => {
  const quiet = 'process.stdin.resume()';

  test('are added with references only: a plain secret on the command line is refused', async () => {
    const refused = await failure([
      'server',
      'add',
      'gh',
      '--env',
      'GITHUB_TOKEN=plain-v4lue',
      '--',
      'node',
      '-e',
      quiet,
    ]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /env GITHUB_TOKEN: .*secret set gh-github-token.*\$\{secret:gh-github-token\}/);
    assert.doesNotMatch(refused.stderr, /v4lue/);
    const header = await failure([
      'server',
      'add',
      'web',
      '--url',
      'https://mcp.example.com/mcp',
      '--header',
      'Authorization=Bearer plain-v4lue',
    ]);
    assert.equal(header.code, 2);
    assert.equal(
      (await failure(['server', 'add', 'gh', '--env', 'GITHUB_TOKEN=${secret:absent}', '--', 'node'])).code,
      1,
    );

    await broker.json([
      'server',
      'add',
      'gh',
      '--env',
      'GITHUB_TOKEN=${secret:github-token}',
      '--',
      'node',
      '-e',
      quiet,
      '--flag',
    ]);
    const [server] = await rows('server', 'list');
    assert.deepEqual(server?.['args'], ['-e', quiet, '--flag']);
    assert.deepEqual(server?.['secrets'], ['github-token']);
    assert.deepEqual((await rows('secret', 'list'))[0]?.['servers'], ['gh']);
    assert.equal((await failure(['server', 'add', 'gh', '--', 'node'])).code, 1);
    assert.equal((await failure(['server', 'add', 'No_Name', '--', 'node'])).code, 2);
    assert.equal((await failure(['server', 'add', 'neither'])).code, 2);
  });

  test('are disabled, enabled and removed', async () => {
    assert.equal(Object(await broker.json(['server', 'disable', 'gh']))['state'], 'disabled');
    assert.equal(Object(await broker.json(['server', 'enable', 'gh']))['enabled'], true);
    await broker.json(['server', 'remove', 'gh']);
    assert.deepEqual(await rows('server', 'list'), []);
    assert.equal((await failure(['server', 'test', 'gh'])).code, 1);
  });

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
        "memory": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"] },
        "mcpgate": { "command": "/home/dev/.config/mcpgate/bin/mcpgate", "args": ["serve"] },
      },
    }`);
    const { code, stdout, stderr } = await broker.run(['server', 'import', file, '--isolation', 'memory=per-user']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^imported github, slack, sentry, postgres, memory$/m);
    assert.match(stdout, /github: env GITHUB_PERSONAL_ACCESS_TOKEN is now the secret github-personal-access-token/);
    assert.match(stdout, /mcpgate itself; left out/);

    const servers = await rows('server', 'list');
    const byName = new Map(servers.map((server) => [server['name'], server]));
    assert.deepEqual(byName.get('github')?.['env'], {
      GITHUB_PERSONAL_ACCESS_TOKEN: '${secret:github-personal-access-token}',
    });
    assert.deepEqual(byName.get('sentry')?.['headers'], { Authorization: 'Bearer ${secret:sentry-authorization}' });
    assert.equal(byName.get('sentry')?.['url'], 'https://mcp.sentry.dev/mcp?key=${secret:sentry-key}');
    assert.equal(byName.get('slack')?.['enabled'], false);
    assert.equal(byName.get('memory')?.['isolation'], 'per-user');
    assert.deepEqual(
      (await rows('secret', 'list'))
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

    const events = await rows('audit', 'search', '--events', '--limit', '1000');
    assert.equal(events.filter((event) => event['type'] === 'server.imported').length, 5);
    const answers = JSON.stringify([servers, events]) + stdout + broker.stderr();
    assert.doesNotMatch(answers, /s3cr3t/);
    for (const name of readdirSync(broker.dataDir)) {
      const path = join(broker.dataDir, name);
      if (!statSync(path).isFile()) continue;
      assert.ok(!readFileSync(path).includes('s3cr3t'), `${name} holds a secret in plain text`);
    }
  });

  test('one wrong entry leaves everything as it was, and every mistake is named', async () => {
    const before = [await rows('server', 'list'), await rows('secret', 'list')].map((list) => list.length);
    const file = importFile(
      JSON.stringify({
        mcpServers: {
          fine: { command: 'npx', env: { API_TOKEN: 's3cr3t-6' } },
          'My Server': { command: 'npx' },
          github: { command: 'npx' },
          empty: {},
          wrong: { command: 'npx', args: 'not-a-list' },
        },
      }),
    );
    const { code, stderr } = await failure(['server', 'import', file, '--isolation', 'other=per-user']);
    assert.equal(code, 2);
    assert.match(stderr, /"My Server" is no name.*for example to "my-server"/);
    assert.match(stderr, /github: a server of this name exists already/);
    assert.match(stderr, /empty: has neither `command` nor `url`/);
    assert.match(stderr, /wrong\.args: /);
    assert.match(stderr, /--isolation other: /);
    assert.doesNotMatch(stderr, /s3cr3t/);
    assert.deepEqual(
      [await rows('server', 'list'), await rows('secret', 'list')].map((list) => list.length),
      before,
    );
  });

  test('a file that is no JSON is refused with its line, and nothing of it is shown', async () => {
    const broken = await failure(['server', 'import', importFile('{\n "mcpServers": {\n "a": "s3cr3t-7\n}')]);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /client\.json:\d+: is not valid JSON/);
    assert.doesNotMatch(broken.stderr, /s3cr3t/);
    assert.match(
      (await failure(['server', 'import', importFile('{"theme":"dark"}')])).stderr,
      /holds no \{"mcpServers"/,
    );
    assert.match((await failure(['server', 'import', '/absent.json'])).stderr, /ENOENT/);
  });

  test('placeholders of a client become references whose value is asked for', async () => {
    const file = importFile(
      JSON.stringify({
        servers: { vscode: { type: 'http', url: 'https://a.example/mcp', headers: { 'X-Api-Key': '${input:key}' } } },
      }),
    );
    const result = Object(await broker.json(['server', 'import', file]));
    assert.deepEqual(result['secrets'], []);
    assert.deepEqual(result['unset'], [{ name: 'vscode-x-api-key', server: 'vscode', from: 'header X-Api-Key' }]);
  });
});

describe('rules', () => {
  test('decide from the moment they are added, deny first, and a test says which one', async () => {
    assert.deepEqual(await rows('rule', 'list'), []);
    const none = Object(await broker.json(['rule', 'test', 'user:ada', 'memory__read_graph'], { code: 1 }));
    assert.equal(none['decision'], 'deny');
    const allow = Object(
      await broker.json([
        'rule',
        'add',
        '--allow',
        '--who',
        'user:ada',
        'group:qa',
        '--what',
        'memory__*',
        '--note',
        'n',
      ]),
    );
    assert.deepEqual(keys(allow), ['created_at', 'created_by', 'effect', 'id', 'note', 'what', 'who']);
    assert.match(String(allow['created_by']), /^host:\S+$/);
    const yes = Object(await broker.json(['rule', 'test', '--who', 'ada', '--what', 'memory__read_graph']));
    assert.deepEqual([yes['decision'], yes['rule']], ['allow', allow['id']]);
    const deny = Object(await broker.json(['rule', 'add', '--deny', '--who', '*', '--what', 'memory__delete_*']));
    const no = Object(await broker.json(['rule', 'test', 'user:ada', 'memory__delete_entities'], { code: 1 }));
    assert.equal(no['rule'], deny['id']);
    await broker.json(['rule', 'remove', String(deny['id'])]);
    assert.equal((await rows('rule', 'list')).length, 1);
  });

  test('that make no sense are refused', async () => {
    assert.equal((await failure(['rule', 'add', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await failure(['rule', 'add', '--allow', '--deny', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await failure(['rule', 'add', '--allow', '--who', 'ada', '--what', '*'])).code, 2);
    assert.equal((await failure(['rule', 'remove', 'r_absent'])).code, 1);
    assert.equal((await failure(['rule', 'test', 'user:nobody', 'a__b'])).code, 1);
  });

  test('enforcement is shown and changed', async () => {
    assert.deepEqual(await broker.json(['enforcement']), { enforcement: 'enforce' });
    assert.deepEqual(await broker.json(['enforcement', 'observe']), { enforcement: 'observe' });
    assert.equal(Object(await broker.json(['rule', 'test', 'user:grace', 'memory__x']))['decision'], 'would_deny');
    await broker.json(['enforcement', 'enforce']);
    assert.equal((await failure(['enforcement', 'maybe'])).code, 2);
  });
});

describe('grants', () => {
  test('show their token once, and end with a receipt', async () => {
    const issued = Object(
      await broker.json(['grant', 'issue', '--label', 'ci', '--server', 'github,sentry', '--expires', '90d']),
    );
    assert.match(String(issued['token']), /^mcg_\S{22,}$/);
    const whoami = async (): Promise<Response> =>
      await fetch(`${broker.url}/v1/whoami`, { headers: { authorization: `Bearer ${String(issued['token'])}` } });
    assert.deepEqual(await (await whoami()).json(), {
      user: 'grant:ci',
      workspace: 'default',
      device: null,
      credential: { kind: 'grant', id: issued['id'], label: 'ci' },
      servers: ['github', 'sentry'],
    });
    const list = await rows('grant', 'list');
    assert.deepEqual(list[0]?.['servers'], ['github', 'sentry']);
    assert.ok(!JSON.stringify(list).includes(String(issued['token'])));
    const receipt = await broker.json(['grant', 'revoke', String(issued['id'])]);
    assert.deepEqual(keys(receipt), ['at', 'calls_cancelled', 'links_closed', 'ms', 'subject', 'tokens_revoked']);
    assert.equal((await whoami()).status, 401);
  });

  test('need a label, servers that exist and a duration that is one', async () => {
    assert.equal((await failure(['grant', 'issue', '--server', 'github'])).code, 2);
    assert.equal((await failure(['grant', 'issue', '--label', 'x', '--server', 'absent'])).code, 1);
    assert.equal(
      (await failure(['grant', 'issue', '--label', 'x', '--server', 'github', '--expires', 'soon'])).code,
      2,
    );
  });
});

describe('logins', () => {
  test('are approved by code on a host without a browser; the device is listed and revoked', async () => {
    const body = new URLSearchParams({
      client_id: 'mcpgate-cli',
      scope: 'openid offline_access',
      device_name: 'laptop',
      device_platform: 'linux',
    });
    const started = Object(
      await (await fetch(`${broker.url}/oauth/device_authorization`, { method: 'POST', body })).json(),
    );
    const typed = String(started['user_code']).toLowerCase().replace('-', '');
    const device = Object(await broker.json(['login', 'approve', typed, '--as', 'ada']));
    assert.deepEqual([device['name'], device['user'], device['platform']], ['laptop', 'ada', 'linux']);
    assert.equal((await failure(['login', 'approve', typed, '--as', 'ada'])).code, 1);
    assert.equal((await failure(['login', 'approve', 'AAAA-AAAA', '--as', 'ada'])).code, 1);
    assert.deepEqual(
      (await rows('device', 'list', '--user', 'ada')).map((each) => each['id']),
      [device['id']],
    );
    const receipt = await broker.json(['device', 'revoke', String(device['id'])]);
    assert.equal(Object(receipt)['subject'], `device:${String(device['id'])}`);
    assert.notEqual((await rows('device', 'list'))[0]?.['revoked_at'], null);
    assert.ok(Array.isArray(await broker.json(['session', 'list'])));
  });
});

describe('the log', () => {
  test('has every administrative change with who made it', async () => {
    const events = await rows('audit', 'search', '--events', '--since', '1h', '--limit', '1000');
    const types = new Set(events.map((event) => event['type']));
    for (const type of [
      'user.added',
      'user.disabled',
      'user.enabled',
      'secret.set',
      'server.added',
      'server.removed',
      'server.imported',
      'server.disabled',
      'rule.added',
      'rule.removed',
      'enforcement.changed',
      'grant.issued',
      'grant.revoked',
      'login.approved',
      'device.revoked',
    ]) {
      assert.ok(types.has(type), `${type} of ${[...types].join(', ')}`);
    }
    assert.ok(
      events
        .filter((event) => event['type'] !== 'auth.rejected')
        .every((event) => /^host:\S+$/.test(String(event['actor']))),
    );
    assert.deepEqual(await rows('audit', 'search'), [], 'no call was made');
    assert.equal((await failure(['audit', 'search', '--since', 'yesterday'])).code, 2);
    assert.equal((await failure(['audit', 'search', '--limit', '0'])).code, 2);
  });

  test('tail gives the last records as one document, or follows', async () => {
    const last = Object(await broker.json(['audit', 'tail', '--no-follow', '--lines', '2']));
    assert.equal(last.length, 2);
    assert.deepEqual(keys(last[0]), ['kind', 'record']);

    const seen: string[] = [];
    for await (const line of brokerCommandLines(['audit', 'tail', '--json', '--lines', '1'], {
      MCPGATE_DATA: broker.dataDir,
    })) {
      seen.push(String(Object(JSON.parse(line))['record']['type']));
      if (seen.length === 2) break;
      await broker.json(['user', 'add', 'watched']);
    }
    assert.equal(seen[1], 'user.added');
  });
});

describe('the terminal', () => {
  test('shows tables, a status, and completion scripts', async () => {
    assert.match((await broker.run(['user', 'list'])).stdout, /^NAME +ROLE +STATE/);
    assert.match((await broker.run(['status'])).stdout, /: ready\n/);
    const status = Object(await broker.json(['status']));
    assert.deepEqual([status['state'], status['database'], status['enforcement']], ['ready', 'sqlite', 'enforce']);
    for (const shell of ['bash', 'zsh', 'fish'])
      assert.match((await broker.run(['completion', shell])).stdout, /enforcement/);
    assert.equal((await broker.run(['completion', 'tcsh'])).code, 2);
  });

  test('the API describes itself', async () => {
    const document = Object(await (await fetch(`${broker.url}/api/v1/openapi.json`)).json());
    assert.equal(document['openapi'], '3.1.0');
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(Object.hasOwn(document['components']['schemas'], name ?? ''), name);
    }
    assert.ok(Object.hasOwn(document['paths'], '/users/{name}/disable'));
  });
});
