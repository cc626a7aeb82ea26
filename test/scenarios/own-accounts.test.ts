// A server that each person uses with an account of their own, from the call in an AI client to its result: who is asked, how, and what the server
// sees of it. Most accounts are made of a key, in a terminal beside.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitationCompleteNotificationSchema, UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { startPostgres } from '../postgres.ts';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { startOAuthUpstream } from '../upstreams/oauth-server.ts';
import { searchCalls } from '../world/call-rows.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { createOpenedPages } from '../world/browser/opened-pages.ts';
import { GATE, type Person } from '../world/people/person.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { shareWorld } from '../world/shared-world.ts';
import { createPersonAtBrowser } from '../world/people/signed-in.ts';
import { until } from '../world/until.ts';
import { createWorld, type World } from '../world.ts';

const HEADER = 'X-Token=${account:TOKEN}';

let open: CountingUpstream | undefined;

/** `counting` is used with everybody's own key, and `open` with nothing. */
const share = shareWorld(
  () => Promise.resolve({ direct: true }),
  async (world, url) => {
    open = await startCountingUpstream();
    await world.importServers({ open: { url: open.url } });
    await addCounting(world, url);
  },
);
after(() => open?.close());

async function addCounting(world: World, url: string): Promise<void> {
  const account = ['--credential', 'personal', '--key', 'TOKEN=Your token'];
  await world.broker.run(['server', 'add', 'counting', url, '--header', HEADER, ...account]);
}

/** Linus at his desk: pages that the daemon opens are written down. */
async function atADesk(world: World, name = 'linus') {
  const person = await world.person(name);
  const opened = createOpenedPages(person.home);
  await person.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', name]), opened.env);
  return { person, opened, page: `${world.url}/accounts/counting` };
}

const connect = (person: Person, token = `token-of-${person.name}`) =>
  person.gate(['connect', 'counting', '--with-keys'], { stdin: JSON.stringify({ TOKEN: token }) });
const statuses = async (world: World, since: readonly string[]) =>
  (await searchCalls(world.broker, since)).map(({ tool_name, status }) => [tool_name, status]);
const tokenOf = async (world: World, name: string) =>
  ((await world.broker.json(['grant', 'issue', '--label', 'w', '--server', 'counting', '--user', name])) as IssuedGrant)
    .token;
const textOf = (result: object): string => JSON.stringify(Reflect.get(result, 'content'));

test('a call opens the page once, waits with progress, and goes on by itself once the account is there; two clients wait at once', async (t) => {
  const { world, upstream, since } = share(t);
  const { person, opened, page } = await atADesk(world);
  const clients = await Promise.all([person.aiClient(), person.aiClient()]);
  const [client] = clients;
  assert.deepEqual(
    (await client.toolNames()).filter((name) => !name.startsWith('open__')),
    ['counting__connect'],
  );
  const steps: number[] = [];
  const calls = clients.map((each) =>
    each.call('counting__echo', { text: 'mine' }, { onProgress: (step) => steps.push(step) }),
  );
  await until('the page', () => opened.urls().length > 0);
  await until('progress for both', () => steps.length > 1);
  assert.equal(upstream.calls.length, 0);
  const changed = client.toolsChanged();
  const connected = await connect(person);
  assert.deepEqual([connected.code, connected.stdout], [0, ''], connected.stderr);
  assert.deepEqual(
    (await Promise.all(calls)).map(({ text }) => text),
    ['mine', 'mine'],
  );
  assert.deepEqual(
    upstream.calls.map(({ headers }) => headers['x-token']),
    ['token-of-linus', 'token-of-linus'],
  );
  assert.deepEqual(opened.urls(), [page], 'once for both');
  await changed;
  assert.ok((await client.toolNames()).includes('counting__echo'));
  assert.deepEqual(await statuses(world, since), [
    ['counting__echo', 'ok'],
    ['counting__echo', 'ok'],
  ]);

  const { accounts, servers } = (await person.gateJson(['status'])) as {
    accounts: object[];
    servers: { name: string }[];
  };
  assert.deepEqual(
    accounts.map((each) => ({ ...each, connected_at: '' })),
    [{ server: 'counting', kind: 'keys', state: 'connected', scopes: [], connected_at: '', url: page }],
  );
  assert.ok(servers.some(({ name }) => name === 'counting'));
  const ended = await person.gate(['disconnect', 'counting', '--yes', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  assert.partialDeepStrictEqual(JSON.parse(ended.stdout), { server: 'counting', disconnected: true, revoked: false });
  assert.match((await person.gate(['status'])).stdout, /counting +not connected; run `mcpgate connect counting`/);
  assert.deepEqual((await client.toolNames()).includes('counting__echo'), false);
});

test('keys are tried before they are kept: what is refused changes nothing, and keys that are refused later are to be entered again by their person', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await addCounting(world, upstream.url);
  await world.broker.run(['server', 'set', 'counting', '--header', 'Authorization=Bearer ${account:TOKEN}']);
  upstream.accepts = ['Bearer good-key-0123456789'];
  const linus = await world.member('linus', { env: { MCPGATE_LOG: 'error' } });
  const enter = (TOKEN: string) =>
    linus.gate(['connect', 'counting', '--with-keys'], { stdin: JSON.stringify({ TOKEN }) });
  const accounts = async () => {
    const status = (await linus.gateJson(['status'])) as { accounts: { state: string }[] };
    return status.accounts.map(({ state }) => state);
  };

  const wrong = await enter('wrong-key-0123456789');
  assert.equal(wrong.code, 1, wrong.stdout);
  assert.match(wrong.stderr, /were not kept.*refused its credentials \(HTTP 401\).*mcpgate connect counting/);
  assert.ok(!wrong.stderr.includes('wrong-key') && !wrong.stderr.includes('secret set'), wrong.stderr);
  assert.deepEqual(await accounts(), ['missing']);
  const good = await enter('good-key-0123456789');
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stderr, /is connected\.\n +Not verified: the record of counting names no tool/);
  const again = await enter('wrong-key-0123456789');
  assert.equal(again.code, 1);
  const called = await linus.gate(['call', 'counting__echo', 'text=mine']);
  assert.deepEqual([called.code, called.stdout], [0, 'mine\n'], 'those before are kept');
  const broken = await enter('good-key-\n0123456789');
  assert.equal(broken.code, 2, broken.stderr);
  assert.match(broken.stderr, /were not kept.*the key TOKEN of an account cannot stand in header /);
  assert.equal(
    (await linus.gate(['call', 'counting__echo', 'text=mine'])).code,
    0,
    'nor by one that no header can hold',
  );

  await world.broker.run(['server', 'set', 'counting', '--probe', 'fail']);
  const failing = await enter('good-key-0123456789');
  assert.match(failing.stderr, /were not kept.*its tool fail answered with an error: .*on purpose/);
  await world.broker.run(['server', 'set', 'counting', '--probe', 'echo', '--probe-args', '{"text":"here"}']);
  assert.match((await enter('good-key-0123456789')).stderr, /Verified: its tool echo answered/);

  upstream.accepts = ['Bearer another-key-0123456789'];
  const refused = linus.start(['call', 'counting__echo', 'text=mine']);
  await refused.line(/\/accounts\/counting/);
  await refused.stop('SIGINT');
  assert.deepEqual(await accounts(), ['expired']);
  const sent = upstream.refused;
  const later = linus.start(['call', 'counting__echo', 'text=mine']);
  await later.line(/\/accounts\/counting/);
  await later.stop('SIGINT');
  assert.equal(upstream.refused, sent, 'the refused keys are not sent again');
  assert.equal((await enter('another-key-0123456789')).code, 0);
  assert.equal((await linus.gate(['call', 'counting__echo', 'text=mine'])).stdout, 'mine\n');
  const events = (await world.broker.json(['audit', 'search', '--type', 'account.*'])) as { type: string }[];
  assert.deepEqual(events.map(({ type }) => type).toReversed(), [
    'account.refused',
    'account.connected',
    'account.refused',
    'account.refused',
    'account.refused',
    'account.connected',
    'account.expired',
    'account.connected',
  ]);
  const removed = (await world.broker.json(['server', 'remove', 'counting'])) as Record<string, unknown>;
  assert.equal(removed['accounts_revoked'], 0);
  const why = 'its keys are forgotten here, and good at counting until they are ended there';
  assert.deepEqual(removed['accounts_left'], [{ accounts: 1, why }]);
});

test('a wait outlives the daemon that is killed under it, and ends with the person’s access', async (t) => {
  const { world, upstream } = share(t);
  const { person, opened } = await atADesk(world);
  const client = await person.aiClient();
  let heard = 0;
  const call = client.call('counting__echo', { text: 'mine' }, { onProgress: () => (heard += 1) });
  await until('the page', () => opened.urls().length > 0);
  const { daemon } = (await person.gateJson(['status'])) as { daemon: { pid: number } };
  process.kill(daemon.pid, 'SIGKILL');
  const before = heard;
  await until('progress over the next daemon', () => heard > before);
  assert.equal((await connect(person)).code, 0);
  assert.equal((await call).text, 'mine');
  assert.equal(upstream.calls.length, 1);

  await person.gate(['disconnect', 'counting', '--yes']);
  const waiting = client.call('counting__echo', {}, { onProgress: () => (heard += 1) });
  const settled = waiting.then(
    ({ text }) => text,
    (error: unknown) => String(error),
  );
  const seen = heard;
  await until('progress', () => heard > seen);
  await world.broker.run(['user', 'disable', 'linus']);
  assert.match(await settled, /revoked|disabled|gone|access/i);
  assert.equal(upstream.calls.length, 1);
});

test('an account that is made at one broker ends the wait at another, and a broker that takes leave ends its own', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { databaseUrl });
  await addCounting(world, upstream.url);
  const second = await startSecondBroker(t, world, databaseUrl);
  world.network.target = second.listenUrl;
  const { person, opened } = await atADesk(world);
  const client = await person.aiClient();
  const wait = async () => {
    const heard: number[] = [];
    const call = client.call('counting__echo', { text: 'mine' }, { onProgress: (step) => heard.push(step) });
    await until('progress', () => heard.length > 0);
    return { call };
  };
  const { call } = await wait();
  world.network.target = world.broker.listenUrl;
  const other = world.laptop('linus-elsewhere');
  await other.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'linus']));
  assert.equal((await connect(other, 'made-at-the-first')).code, 0);
  assert.equal((await call).text, 'mine');
  assert.deepEqual(
    upstream.calls.map(({ headers }) => headers['x-token']),
    ['made-at-the-first'],
  );
  assert.equal(opened.urls().length, 1);

  assert.equal((await other.gate(['disconnect', 'counting', '--yes'])).code, 0);
  const { call: last } = await wait();
  const began = performance.now();
  assert.equal(await second.stop(), 0);
  assert.ok(performance.now() - began < 8_000, 'the drain did not wait for the person');
  assert.match((await last).text, /connect it at .*try again/);
  assert.equal(upstream.calls.length, 1);
});

test('a v1 client that shows pages gets error -32042, over stdio and over HTTP, and hears when it may call again', async (t) => {
  const { world, upstream } = share(t);
  const { person, opened, page } = await atADesk(world);
  const capabilities = { elicitation: { url: {} } };
  const { sdk } = await person.aiClient({ capabilities });
  const http = new Client({ name: 'http', version: '1' }, { capabilities });
  t.after(() => http.close());
  const headers = { authorization: `Bearer ${await tokenOf(world, 'linus')}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { requestInit: { headers } });
  await http.connect(transport);
  for (const client of [sdk, http]) {
    const completed = new Promise<string>((resolve) => {
      client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) =>
        resolve(params.elicitationId),
      );
    });
    const call = () => client.callTool({ name: 'counting__echo', arguments: { text: 'mine' } });
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof UrlElicitationRequiredError, String(error));
    const [asked] = error.elicitations;
    assert.equal(asked?.url, page);
    assert.equal((await connect(person)).code, 0);
    assert.equal(await completed, asked.elicitationId);
    assert.match(textOf(await call()), /mine/);
    await person.gate(['disconnect', 'counting', '--yes']);
  }
  assert.deepEqual(opened.urls(), [], 'the client shows it');
  assert.equal(upstream.calls.length, 2);
});

test('a client of 2026-07-28 is asked in the result of its call, over stdio and over HTTP, and its retry has the result of the same call', async (t) => {
  const { world, upstream, since } = share(t);
  const { person, page } = await atADesk(world);
  const requestInit = { headers: { authorization: `Bearer ${await tokenOf(world, 'linus')}` } };
  const transports: Transport[] = [
    new ModernStdio({ command: process.execPath, args: [GATE, 'serve'], env: person.env }),
    new ModernHttp(new URL(`${world.url}/mcp`), { requestInit }),
  ];
  for (const transport of transports) {
    const client = new ModernClient(
      { name: 'v2-client', version: '7' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } }, capabilities: { elicitation: { url: {} } } },
    );
    const asked: unknown[] = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(Reflect.get(params, 'url'));
      return { action: 'accept' };
    });
    t.after(() => client.close());
    await client.connect(transport);
    let heard = 0;
    const call = client.callTool(
      { name: 'counting__echo', arguments: { text: 'mine' } },
      { onprogress: () => void (heard += 1) },
    );
    await until('the question', () => asked.length > 0);
    await until('progress', () => heard > 0);
    assert.equal((await connect(person)).code, 0);
    assert.match(textOf(await call), /mine/);
    assert.deepEqual(asked, [page]);
    await person.gate(['disconnect', 'counting', '--yes']);
  }
  assert.equal(upstream.calls.length, 2);
  assert.deepEqual(await statuses(world, since), [
    ['counting__echo', 'ok'],
    ['counting__echo', 'ok'],
  ]);
});

test('without a display, over HTTP and for a grant of no person a call returns at once with one line', async (t) => {
  const { world, upstream } = share(t);
  const linus = await world.member('linus');
  const said = (await (await linus.aiClient()).call('counting__echo', { text: 'x' })).text;
  assert.match(
    said,
    /^\[mcpgate\] server counting is used with an account of your own: connect it at http:\S+\/accounts\/counting, or with "mcpgate connect counting"\. /,
  );
  assert.equal(said.split('\n').length, 1);
  const ci = (await world.broker.json(['grant', 'issue', '--label', 'ci', '--server', 'counting'])) as IssuedGrant;
  const machine = await linus.aiClient({ env: { MCPGATE_TOKEN: ci.token, MCPGATE_BROKER: world.url } });
  assert.match(
    (await machine.call('counting__echo')).text,
    /this credential is no person's: use a login, or a grant that was issued with --user/,
  );
  assert.equal(upstream.calls.length, 0);
});

test('connect and disconnect say what is wrong in one line, with the exit codes of every command, and never a key', async (t) => {
  const { world } = share(t);
  const linus = await world.member('linus');
  const cases: [args: string[], stdin: string, code: number, says: RegExp][] = [
    [['connect'], '', 0, /Connect one with `mcpgate connect SERVER`/],
    [['connect', 'nope'], '', 1, /no server "nope" with an account of your own; there is: counting/],
    [['connect', 'open'], '', 1, /no server "open"/],
    [['connect', 'counting'], '', 2, /pipe the keys \(TOKEN\) as JSON with --with-keys/],
    [
      ['connect', 'counting', '--with-keys'],
      'hush-hush',
      2,
      /one JSON object with a text for each key: \{"TOKEN":"…"\}/,
    ],
    [['connect', 'counting', '--with-keys'], '{"TOKEN":"hush-hush","MORE":"hush-hush"}', 2, /has no key MORE/],
    [['connect', 'counting', '--with-keys'], '{"TOKEN":" "}', 2, /Your token \(TOKEN\) is missing/],
    [['disconnect', 'counting'], '', 0, /You have no account at counting/],
    [['disconnect', 'nope', '--yes'], '', 1, /there is: counting/],
  ];
  for (const [args, stdin, code, says] of cases) {
    const ran = await linus.gate(args, { stdin });
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, says);
    assert.doesNotMatch(ran.stdout + ran.stderr, /hush/);
  }
  assert.match((await linus.gate(['connect'])).stdout, /^counting {2}not connected\n$/);
  const none = await linus.gate(['disconnect', 'counting', '--yes']);
  assert.deepEqual([none.code, none.stderr], [0, 'You have no account at counting.\n']);
  const json = await linus.gate(['connect', 'counting', '--with-keys', '--json'], {
    stdin: '{"TOKEN":"hush-hush-hush"}',
  });
  assert.partialDeepStrictEqual(JSON.parse(json.stdout), {
    event: 'connected',
    server: 'counting',
    kind: 'keys',
    verified: null,
  });
  const grant = await tokenOf(world, 'linus');
  const env = { MCPGATE_TOKEN: grant, MCPGATE_BROKER: world.url };
  const refused = await linus.gate(['disconnect', 'counting', '--yes'], { env });
  assert.deepEqual([refused.code, /a login of one’s own/.test(refused.stderr)], [1, true], refused.stderr);
  assert.match((await linus.gate(['completion', 'bash'])).stdout, /'connect'\) words='--no-browser --with-keys --json/);
  const nobody = await world.laptop('nobody').gate(['connect', 'counting']);
  assert.equal(nobody.code, 3);
});

test('by OAuth: a call in an AI client opens the page, the person connects in a real browser, and the call has its result; then from a terminal', async (t) => {
  const upstream = await startOAuthUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { direct: true });
  await world.broker.run(['server', 'add', 'wiki', upstream.url, '--credential', 'personal', '--oauth']);
  const { page } = await createPersonAtBrowser(t, world, 'grace');
  const laptop = world.laptop('grace-laptop');
  const opened = createOpenedPages(laptop.home);
  await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'grace']), opened.env);
  upstream.person = 'grace';
  const connectAt = async (url: string) => {
    await page.goto(url);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByRole('heading', { name: 'wiki is connected' }).waitFor();
  };

  const client = await laptop.aiClient();
  // A link that is not there yet after two seconds is not waited for: the client is told of its tools when it is.
  const listed = await until('the tools', async () => {
    const names = await client.toolNames();
    return names.length > 0 && names;
  });
  assert.deepEqual(listed, ['wiki__connect']);
  const call = client.call('wiki__whoami', {}, { onProgress: () => undefined });
  const [url = ''] = await until('the page', () => (opened.urls().length > 0 ? opened.urls() : undefined));
  await connectAt(url);
  assert.equal((await call).text, 'grace with ***');

  assert.equal((await laptop.gate(['disconnect', 'wiki', '--yes'])).code, 0);
  const command = laptop.start(['connect', 'wiki', '--no-browser', '--json']);
  const [, again = ''] = await command.line(/"event":"page".*"url":"([^"]+)"/);
  assert.equal(again, url);
  await connectAt(again);
  await command.line(/"event":"connected","server":"wiki","kind":"oauth"/);
  assert.equal(await command.exited, 0);
  const ready = await laptop.gate(['connect', 'wiki']);
  assert.deepEqual([ready.code, /is connected/.test(ready.stderr)], [0, true]);
});
