// From the laptop into the vault: service tokens in the files of AI clients are found, told of and taken out, and no value of them leaves the
// laptop on the way.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { filesHolding } from '../world/search.ts';
import { shareWorld } from '../world/shared-world.ts';

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
const OTHER = 'q7Jx2pLwZr9Kd3Vb8Nt5Hs1Mc6Yf4Ga0';
const PASSWORD = 'hunter2hunter2';

/** Writes down everything that the process hands to a socket or prints. */
const SPY = `const { appendFileSync } = require('node:fs');
const { Socket } = require('node:net');
const { write } = Socket.prototype;
Socket.prototype.write = function (chunk, ...rest) { appendFileSync(process.env.SPY_FILE, chunk); return write.call(this, chunk, ...rest); };
`;

interface Client {
  name: string;
  tokens: { entry: string; from: string; shown: string; server: string | null; secret: object | null }[];
}

const githubAt = (url: string) => ({ url, headers: { Authorization: `Bearer ${TOKEN}` } });

const share = shareWorld(undefined, (world, url) => world.importServers({ github: githubAt(url) }));

async function createLaptop(t: TestContext) {
  const { upstream, world, since } = share(t);
  upstream.accepts = [`Bearer ${TOKEN}`];
  const github = githubAt(upstream.url);
  const ada = await world.member('ada');
  const notes = {
    command: '/opt/homebrew/bin/npx',
    args: ['-y', '@acme/notes-mcp@1.2.0', '--folder', '/Users/ada/private'],
    env: { NOTES_TOKEN: OTHER, NOTES_PASSWORD: PASSWORD, NOTES_LEVEL: 'debug' },
  };
  const file = join(ada.home, '.cursor/mcp.json');
  mkdirSync(dirname(file), { recursive: true });
  const before = `{\n  // mine\n  "mcpServers": {\n    "my-github": ${JSON.stringify(github)},\n    "notes": ${JSON.stringify(notes)}, // keep\n  },\n}\n`;
  writeFileSync(file, before, { mode: 0o600 });
  const spyFile = join(ada.home, 'spy.bin');
  writeFileSync(spyFile, '');
  writeFileSync(join(ada.home, 'spy.cjs'), SPY);
  const env = { NODE_OPTIONS: `--require ${join(ada.home, 'spy.cjs')}`, SPY_FILE: spyFile };
  const gate = (...words: string[]) => ada.gate(words, { env });
  const sent = (): string => readFileSync(spyFile, 'latin1');
  const tokens = async () => {
    const { clients } = (await ada.gateJson(['status'], { env })) as { clients: Client[] };
    return clients.flatMap((client) => client.tokens.map((token) => ({ client: client.name, ...token })));
  };
  return { upstream, world, since, ada, file, before, gate, sent, tokens };
}

const laptops = async ({ broker }: { broker: { json(words: string[]): Promise<unknown> } }) => {
  const status = (await broker.json(['status'])) as Record<string, number>;
  return [status['laptops_with_tokens'], status['laptops_with_live_secrets'], status['proposals']];
};

test('tokens in an AI client’s file are told of with the broker’s server and secret, taken out on demand, and put back', async (t) => {
  const { world, since, ada, file, before, gate, sent, tokens } = await createLaptop(t);
  const secret = await world.secretOf('github');

  const found = await tokens();
  assert.deepEqual(
    found.map(({ client, entry, from, shown, server, secret: known }) => [client, entry, from, shown, server, known]),
    [
      ['cursor', 'my-github', 'header Authorization', 'ghp_***', 'github', { name: secret, version: 1, current: true }],
      ['cursor', 'notes', 'env NOTES_TOKEN', '***', null, null],
      ['cursor', 'notes', 'env NOTES_PASSWORD', '***', null, null],
    ],
  );
  assert.deepEqual(await laptops(world), [1, 1, 0]);
  const doctor = await gate('doctor');
  assert.match(
    doctor.stdout,
    new RegExp(`my-github: header Authorization ghp_\\*\\*\\*, which is\\s+the\\s+live\\s+secret\\s+${secret}`),
  );
  const shown = await gate('status');
  assert.match(shown.stdout, /mcpgate has github/);

  const unready = await gate('install-clients', '--clean-tokens', '--yes');
  assert.equal(unready.code, 0, unready.stderr);
  assert.match(unready.stdout, /it stays: Cursor does not use mcpgate yet/);
  const installed = await gate('install-clients', 'cursor');
  assert.equal(installed.code, 0, installed.stderr);
  assert.match(installed.stderr, /--clean-tokens/);
  const withMcpgate = readFileSync(file, 'utf8');

  const dryRun = await gate('install-clients', '--clean-tokens', '--dry-run');
  assert.equal(dryRun.code, 0, dryRun.stderr);
  assert.match(dryRun.stdout, /^-.*my-github/m);
  const unanswered = await gate('install-clients', '--clean-tokens');
  assert.equal(unanswered.code, 2);
  assert.match(unanswered.stderr, /add --yes, or --dry-run/);
  assert.equal(readFileSync(file, 'utf8'), withMcpgate);

  const cleaned = await gate('install-clients', '--clean-tokens', '--yes');
  assert.equal(cleaned.code, 0, cleaned.stderr);
  assert.match(cleaned.stdout, new RegExp(`secret rotate ${secret} --prove-dead`));
  const left = readFileSync(file, 'utf8');
  assert.ok(
    !left.includes(TOKEN) && left.includes('// mine') && left.includes('// keep') && left.includes(OTHER),
    left,
  );
  const client = await ada.aiClient();
  assert.equal((await client.call('github__echo', { text: 'through mcpgate' })).text, 'through mcpgate');

  const folder = join(ada.home, '.config/mcpgate/backups');
  const [backup = ''] = filesHolding(folder, [TOKEN])
    .filter((path) => path.endsWith('.bak'))
    .slice(-1);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { backups: { holds?: string[] }[] };
  assert.deepEqual(index.backups.at(-1)?.holds, ['my-github: header Authorization']);
  assert.match((await gate('doctor')).stdout, /the\s+backup\s[^!]*holds\s+tokens/);

  assert.deepEqual(
    (await tokens()).map(({ entry }) => entry),
    ['notes', 'notes'],
  );
  assert.deepEqual(await laptops(world), [1, 0, 0]);
  const events = (await world.broker.json(['audit', 'search', '--type', 'laptop.*', ...since])) as {
    type: string;
    data: object;
  }[];
  assert.deepEqual(
    events.map(({ type, data }) => [type, Object(data)['tokens'], Object(data)['secrets']]).toReversed(),
    [
      ['laptop.tokens_found', 3, [`${secret}@1`]],
      ['laptop.tokens_found', 2, []],
    ],
  );

  assert.equal((await gate('install-clients', 'cursor', '--restore')).code, 0);
  assert.equal(readFileSync(file, 'utf8'), withMcpgate);
  assert.equal((await gate('install-clients', 'cursor', '--uninstall')).code, 0);
  assert.equal(readFileSync(file, 'utf8'), before);

  assert.match(sent(), /mcpgate\/tokens\/report/, 'the spy works');
  for (const value of [TOKEN, OTHER, PASSWORD]) assert.ok(!sent().includes(value), 'no value left the process');
  const logs = readdirSync(join(ada.home, '.config/mcpgate')).filter((name) => /log/.test(name));
  for (const name of logs) assert.deepEqual(filesHolding(join(ada.home, '.config/mcpgate', name), [TOKEN, OTHER]), []);
  assert.deepEqual(filesHolding(world.broker.dataDir, [TOKEN, OTHER, PASSWORD]), []);
  assert.ok(![TOKEN, OTHER, PASSWORD].some((value) => world.broker.output().includes(value)));
});

test('a server that only the laptop has is proposed by its names, and is a record once an administrator accepts it', async (t) => {
  const { world, gate, sent } = await createLaptop(t);
  const dryRun = await gate('install-clients', '--propose', '--dry-run');
  assert.match(dryRun.stdout, /notes: npx -y @acme\/notes-mcp@1\.2\.0 --folder <value>; needs NOTES_TOKEN=/);
  assert.deepEqual(await world.broker.json(['server', 'proposals']), []);
  assert.equal((await gate('install-clients', '--propose')).code, 2);
  const proposed = await gate('install-clients', '--propose', '--yes', '--json');
  assert.equal(proposed.code, 0, proposed.stderr);
  assert.deepEqual(
    (JSON.parse(proposed.stdout) as { name: string; state: string }[]).map(({ name, state }) => [name, state]),
    [['notes', 'open']],
  );
  const [proposal] = (await world.broker.json(['server', 'proposals'])) as {
    id: string;
    people: string[];
    transport: object;
  }[];
  assert.ok(proposal);
  assert.deepEqual(proposal.people, ['ada']);
  assert.deepEqual(proposal.transport, {
    kind: 'stdio',
    command: 'npx',
    args: ['-y', '@acme/notes-mcp@1.2.0', '--folder', '<value>'],
    env: {
      NOTES_TOKEN: '${secret:notes-token}',
      NOTES_PASSWORD: '${secret:notes-password}',
      NOTES_LEVEL: '',
    },
  });
  const accepted = (await world.broker.json(['server', 'accept', proposal.id])) as Record<string, unknown>;
  assert.deepEqual(accepted['unset'], ['notes-token', 'notes-password']);
  assert.deepEqual(accepted['missing'], ['NOTES_LEVEL', 'argument 4']);
  const server = (await world.broker.json(['server', 'show', 'notes'])) as { enabled: boolean; env: object };
  assert.equal(server.enabled, false);
  assert.equal((await world.broker.cli(['server', 'decline', proposal.id])).code, 1);
  for (const value of [TOKEN, OTHER, PASSWORD, '/Users/ada', 'homebrew', 'debug'])
    assert.ok(!sent().includes(value), `${value} left the laptop`);
  assert.deepEqual(filesHolding(world.broker.dataDir, [OTHER, PASSWORD]), []);
});

test('an entry stays, with the reason, where mcpgate has its server and the person cannot use it; of two at one address the one is named that is called so, or works', async (t) => {
  const { world, ada, file, upstream, gate, tokens } = await createLaptop(t);
  const one = await startCountingUpstream();
  t.after(() => one.close());
  const added = ['--credential', 'personal', '--key', 'TOKEN=Your token'];
  await world.broker.run(['server', 'add', 'mine', one.url, '--header', 'X-Token=${account:TOKEN}', ...added]);
  await world.broker.run(['server', 'add', 'dead', 'http://127.0.0.1:9/mcp']);
  await world.broker.run(['server', 'add', 'closed', one.url]);
  await world.broker.run(['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'closed__*']);
  await world.broker.run(['server', 'add', 'a-spoilt', upstream.url]);
  const entry = (url: string) => ({ url, headers: { Authorization: `Bearer ${OTHER}` } });
  const servers = {
    mine: entry(one.url),
    dead: entry('http://127.0.0.1:9/mcp'),
    closed: entry(one.url),
    'my-github': { url: upstream.url, headers: { Authorization: `Bearer ${OTHER}` } },
  };
  writeFileSync(file, JSON.stringify({ mcpServers: servers }), { mode: 0o600 });
  assert.equal((await gate('install-clients', 'cursor')).code, 0);
  assert.deepEqual(
    (await tokens()).map(({ entry: name, server }) => [name, server]),
    [
      ['mine', 'mine'],
      ['dead', 'dead'],
      ['closed', 'closed'],
      ['my-github', 'github'],
    ],
  );
  const cleaned = await gate('install-clients', '--clean-tokens', '--yes');
  assert.equal(cleaned.code, 0, cleaned.stderr);
  assert.match(
    cleaned.stdout,
    /= mine:.*it stays:.*your account there is not connected.*you would lose what works now/,
  );
  assert.match(cleaned.stdout, /= dead:.*it stays:.*it does not work now.*you would lose/);
  assert.match(cleaned.stdout, /= closed:.*it stays:.*the rules let you use none of its tools.*you would lose/);
  assert.match(cleaned.stdout, /- my-github:.*mcpgate has github/);
  const { mcpServers: left } = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: object };
  assert.deepEqual(Object.keys(left).toSorted(), ['closed', 'dead', 'mcpgate', 'mine']);
  await world.broker.run(['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'mine__*']);
  const { accounts } = (await ada.gateJson(['status'])) as { accounts: object[] };
  assert.deepEqual(accounts, [], 'what the rules keep from her is not offered to be connected');
});

test('without a login nothing is taken out or proposed, and without a broker it is said that it is out of reach', async (t) => {
  const { world, ada, file, before, gate } = await createLaptop(t);
  world.network.cut();
  await ada.gate(['daemon', 'stop']);
  const cut = await gate('install-clients', '--clean-tokens', '--yes');
  assert.equal(cut.code, 4, cut.stderr);
  const stranger = world.laptop('eve');
  assert.equal((await stranger.gate(['install-clients', '--clean-tokens', '--yes'])).code, 3);
  assert.equal((await stranger.gate(['install-clients', '--propose', '--yes'])).code, 3);
  assert.equal((await gate('install-clients', '--clean-tokens', '--propose')).code, 2);
  assert.equal(readFileSync(file, 'utf8'), before);
});
