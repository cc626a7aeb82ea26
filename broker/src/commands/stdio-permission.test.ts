// Every way in which a command can come to the broker's host, asked by everybody who administers something.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  runBrokerCommand,
  startBrokerProcess,
  temporaryFolder,
  type BrokerProcess,
} from './fixtures/broker-process.ts';

const folder = temporaryFolder();
const configFile = join(folder, 'broker.yaml');
const marks = join(folder, 'marks');
let broker: BrokerProcess;

before(async () => {
  mkdirSync(marks, { mode: 0o777 });
  writeFileSync(configFile, 'stdio:\n  allow:\n    - { command: /bin/cat, args: [-u], env: [TOKEN] }\n');
  broker = await startBrokerProcess({ args: ['--config', configFile] });
  await broker.run(['workspace', 'add', 'team-b']);
  const theirs = { command: 'touch', args: [join(marks, 'theirs')], disabled: true };
  const file = join(folder, 'client.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { theirs } }));
  for (const inside of [[], ['--workspace', 'team-b']]) {
    const { code, stderr } = await broker.run(['server', 'import', file, ...inside]);
    assert.equal(code, 0, stderr);
  }
});
after(() => broker.stop('SIGKILL'));

async function tokenOf(role: string, workspace: string, label = `${role}-${workspace}`): Promise<string> {
  const words = ['admin-token', 'issue', '--label', label, '--role', role, '--workspace', workspace];
  return String(Object(await broker.json(words))['token']);
}

type Request = readonly [method: string, path: string, body?: object];

async function ask(token: string, [method, path, body]: Request): Promise<{ status: number; text: string }> {
  const response = await fetch(`${broker.url}/api/v1/servers${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method === 'PUT' && { 'if-match': '*' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const command = (program: string, args: string[], more: object = {}) => ({
  kind: 'stdio',
  command: program,
  args,
  ...more,
});
const mark = (name: string) => command('touch', [join(marks, name)]);

const WAYS: Readonly<Record<string, Request>> = {
  'adds one': ['POST', '', { name: 'evil', transport: mark('add') }],
  'adds an allowed one in a folder': [
    'POST',
    '',
    { name: 'evil', transport: command('/bin/cat', ['-u'], { cwd: '/root' }) },
  ],
  'adds an allowed one with another environment': [
    'POST',
    '',
    { name: 'evil', transport: command('/bin/cat', ['-u'], { env: { LD_PRELOAD: '/tmp/evil.so' } }) },
  ],
  'imports one': ['POST', '/import', { mcpServers: { evil: { command: 'touch', args: [join(marks, 'import')] } } }],
  'imports one beside a URL': [
    'POST',
    '/import',
    { mcpServers: { web: { url: 'https://x.example/mcp' }, evil: { command: 'touch', args: ['x'] } } },
  ],
  'sets a limit': ['PATCH', '/theirs', { limits: { memory: 'none' } }],
  'sets who shares it': ['PATCH', '/theirs', { isolation: 'per-session' }],
  'enables one that was put down': ['POST', '/theirs/enable'],
  'tests one that was put down': ['POST', '/theirs/test'],
};

describe('a server that is a command on the broker’s host', () => {
  for (const [role, workspace] of [
    ['operator', 'default'],
    ['auditor', 'default'],
    ['scim', 'default'],
    ['admin', 'team-b'],
    ['operator', 'team-b'],
  ] as const) {
    test(`is neither added, imported, changed nor started by the role ${role} of ${workspace}, whichever way`, async () => {
      const token = await tokenOf(role, workspace);
      const inside = workspace === 'default' ? [] : ['--workspace', workspace];
      const shown = async () =>
        ((await broker.json(['server', 'list', ...inside])) as Record<string, unknown>[]).map(
          ({ name, enabled, isolation, command: program }) => [name, enabled, isolation, program],
        );
      const before = await shown();
      for (const [way, request] of Object.entries(WAYS)) {
        const { status, text } = await ask(token, request);
        assert.equal(status, 403, `${way}: ${text}`);
        if (role === 'admin' || role === 'operator')
          assert.match(text, /an administrator of the workspace default must add, import or change.*stdio\.allow/, way);
      }
      assert.deepEqual(await shown(), before);
      assert.deepEqual(readdirSync(marks), []);
    });
  }

  test('is added by an operator where the configuration names its command, and a server at a URL as before', async () => {
    const token = Object(await broker.json(['admin-token', 'issue', '--label', 'ops', '--role', 'operator']))['token'];
    const add = async (name: string, transport: object) => await ask(token, ['POST', '', { name, transport }]);
    assert.equal((await add('cat', command('/bin/cat', ['-u', 'x']))).status, 200);
    assert.match((await add('cat2', command('/bin/cat', ['x']))).text, /must begin with: -u/);
    assert.equal((await add('web', { kind: 'http', url: 'https://mcp.example.com/mcp' })).status, 200);
    const after: Request[] = [
      ['PATCH', '/web', { isolation: 'per-user' }],
      ['PATCH', '/cat', { isolation: 'per-user' }],
      ['POST', '/cat/disable'],
      ['POST', '/cat/enable'],
      ['DELETE', '/cat'],
    ];
    for (const request of after) assert.equal((await ask(token, request)).status, 200, request.join(' '));
  });

  test('keeps its network and limits where an operator changes it, in part or as a whole', async () => {
    const token = await tokenOf('operator', 'default', 'keeps');
    const limits = { memory: '64MiB' };
    const kept = { network: 'none', limits };
    const boss = await tokenOf('admin', 'default', 'gives');
    const added = await ask(boss, ['POST', '', { name: 'kept', transport: command('/bin/cat', ['-u'], kept) }]);
    assert.equal(added.status, 200, added.text);
    const { record } = JSON.parse((await ask(token, ['GET', '/kept/record'])).text);
    const whole = (transport: object): Request => ['PUT', '/kept/record', { ...record, transport }];
    for (const request of [
      ['PATCH', '/kept', { network: 'full' }],
      ['PATCH', '/kept', { limits: { memory: 'none' } }],
      ['PATCH', '/kept', { limits: { memory: 'default' } }],
      whole(command('/bin/cat', ['-u'], { limits })),
      whole(command('/bin/cat', ['-u'], { network: 'none' })),
    ] satisfies Request[]) {
      const { status, text } = await ask(token, request);
      assert.equal(status, 403, `${JSON.stringify(request)}: ${text}`);
    }
    assert.equal((await ask(token, ['PATCH', '/kept', { args: ['-u', '-v'] }])).status, 200);
    assert.deepEqual(JSON.parse((await ask(token, ['GET', '/kept/record'])).text).record.transport.limits, limits);
  });

  test('is added in every workspace by an administrator of the first one, with the command line', async () => {
    const env = { MCPGATE_ADMIN_TOKEN: await tokenOf('admin', 'default') };
    const words = ['server', 'add', 'of-default', '--broker', broker.url, '--workspace', 'team-b', '--', 'cat'];
    const { code, stderr } = await runBrokerCommand(words, { env });
    assert.equal(code, 0, stderr);
  });
});
