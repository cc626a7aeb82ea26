import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration, type Row } from '../fixtures/administration.ts';

const QUIET = 'process.stdin.resume()';
const admin = administration(async (broker) => {
  for (const name of ['wiki-key', 'gh-token']) await broker.json(['secret', 'set', name], { stdin: 'v4lue' });
  await broker.json([
    ...['server', 'add', 'wiki', 'https://wiki.example/mcp', '--header', 'X-Key=${secret:wiki-key}', 'X-Team=a'],
  ]);
  await broker.json(['server', 'add', 'gh', '--env', 'TOKEN=${secret:gh-token}', 'MODE=a', '--', 'node', '-e', QUIET]);
});
const set = async (...words: string[]): Promise<Row> => Object(await admin.broker.json(['server', 'set', ...words]));
const show = async (name: string): Promise<Row> => Object(await admin.broker.json(['server', 'show', name]));
const events = async (type: string): Promise<Row[]> => admin.rows('audit', 'search', '--events', '--type', type);

describe('server set', () => {
  test('changes what it names and leaves the rest', async () => {
    await set('wiki', '--url', 'https://wiki.example/v2', '--header', 'X-Team: b', 'X-New=1');
    assert.deepEqual((await show('wiki'))['headers'], { 'X-Key': '${secret:wiki-key}', 'X-Team': 'b', 'X-New': '1' });
    const changed = await set('wiki', '--no-header', 'x-new', 'X-Team');
    assert.equal(changed['url'], 'https://wiki.example/v2');
    assert.deepEqual(changed['headers'], { 'X-Key': '${secret:wiki-key}' });
    await set('wiki', 'https://wiki.example/v3');
    assert.equal((await show('wiki'))['url'], 'https://wiki.example/v3');

    await set('gh', '--env', 'MODE=b', '--cwd', '/', '--arg', '-e', '--arg', `${QUIET};`);
    const gh = await show('gh');
    assert.deepEqual([gh['command'], gh['args'], gh['cwd']], ['node', ['-e', `${QUIET};`], '/']);
    assert.deepEqual(gh['env'], { TOKEN: '${secret:gh-token}', MODE: 'b' });
    const again = await set('gh', '--no-env', 'MODE', '--no-cwd', '--', 'node', '-e', QUIET);
    assert.deepEqual([again['args'], again['cwd']], [['-e', QUIET], null]);
    assert.deepEqual(again['env'], { TOKEN: '${secret:gh-token}' });
  });

  test('says what was changed, what would be, and what nothing uses any more', async () => {
    const before = await show('wiki');
    const dry = await admin.broker.run(['server', 'set', 'wiki', '--no-header', 'X-Key', '--dry-run']);
    assert.match(dry.stdout, /^would change wiki\n {2}headers\.X-Key: \$\{secret:wiki-key\} → none\n/);
    assert.match(
      dry.stdout,
      /nothing uses the secret wiki-key any more; end it: mcpgate-broker secret remove wiki-key/,
    );
    const after = await show('wiki');
    assert.deepEqual([after['revision'], after['headers']], [before['revision'], before['headers']]);
    const same = await set('wiki', '--isolation', 'shared');
    assert.deepEqual([same['changes'], same['revision']], [[], before['revision']]);
    const done = await set('wiki', '--header', 'X-Team=c');
    assert.deepEqual(done['changes'], [{ field: 'headers.X-Team', before: null, after: 'c' }]);
    const [event] = await events('server.changed');
    const data = Object(event?.['data']);
    assert.deepEqual(
      [data['changed'], data['before'], data['after']],
      [['headers.X-Team'], [], ['headers.X-Team=c']],
      JSON.stringify(event),
    );
  });

  test('names the header in which a server is told who asks, which makes its connections personal, and takes it out again', async () => {
    await admin.broker.json([
      ...['server', 'add', 'own', 'https://own.example/mcp', '--identity-header', 'X-Mcpgate-Identity'],
    ]);
    const own = await show('own');
    assert.deepEqual([own['identity_header'], own['isolation']], ['X-Mcpgate-Identity', 'per-user']);
    const { stdout } = await admin.broker.run(['server', 'show', 'own']);
    assert.match(stdout, /identity {3}told who asks in X-Mcpgate-Identity, signed/);
    const without = await set('own', '--no-identity-header');
    assert.deepEqual([without['identity_header'], without['isolation']], [null, 'shared']);
    const changed = await set('own', '--identity-header', 'X-Who');
    assert.deepEqual(changed['changes'], [{ field: 'identity_header', before: null, after: 'X-Who' }]);
    for (const [words, message] of [
      [['own', '--identity-header', 'Authorization'], /a meaning of its own/],
      [['own', '--identity-header', 'A', '--no-identity-header'], /say one of them/],
      [['own', '--probe', 'X', '--no-probe'], /--probe and --no-probe: say one of them/],
      [['own', '--probe-args', '{}', '--no-probe'], /--probe-args and --no-probe: say one of them/],
      [['own', '--read', 'X', '--no-read'], /--read and --no-read: say one of them/],
      [['own', '--oauth', '--no-account'], /--oauth and --no-account: say one of them/],
      [['own', '--header', 'A=1', '--no-header', 'a'], /--header A and --no-header A: say one of them/],
      [['gh', '--identity-header', 'X-Who'], /is for servers at a URL/],
    ] as const) {
      const { code, stderr } = await admin.broker.run(['server', 'set', ...words]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
    await admin.broker.json(['server', 'remove', 'own']);
  });

  test('makes a command of a server at a URL, and back: what is for the other way is gone, and said', async () => {
    await admin.broker.json(['server', 'add', 'both', 'https://both.example/mcp', '--header', 'X-Team=a']);
    const { stdout } = await admin.broker.run(['server', 'set', 'both', '--', 'node', '-e', QUIET]);
    assert.match(stdout, /url: https:\/\/both\.example\/mcp → none/);
    assert.match(stdout, /transport: http → stdio/);
    const started = await show('both');
    assert.deepEqual([started['command'], started['url'], started['headers']], ['node', null, {}]);
    const back = await set('both', '--url', 'https://both.example/mcp');
    assert.deepEqual([back['transport'], back['command'], back['args']], ['http', null, []]);
    for (const words of [
      ['both', '--env', 'A=b'],
      ['both', '--url', 'https://x.example', '--', 'node'],
      ['both', '--command', 'node', '--', 'node'],
      ['both', '--url', 'wiki.example'],
      ['both'],
    ]) {
      const refused = await admin.failure(['server', 'set', ...words]);
      assert.equal(refused.code, 2, `${words.join(' ')}: ${refused.stderr}`);
    }
    await admin.broker.json(['server', 'remove', 'both']);
  });

  test('refuses what server add refuses: plain secrets, and references to nothing', async () => {
    const plain = await admin.failure(['server', 'set', 'gh', '--env', 'GITHUB_TOKEN=plain-v4lue']);
    assert.equal(plain.code, 2);
    assert.match(plain.stderr, /env GITHUB_TOKEN: this looks like a secret.*secret set gh-github-token/);
    assert.doesNotMatch(plain.stderr, /v4lue/);
    const absent = await admin.failure(['server', 'set', 'gh', '--env', 'OTHER=${secret:absent}']);
    assert.match(absent.stderr, /no secret named absent; set it first/);
    assert.equal((await admin.failure(['server', 'set', 'nobody', '--isolation', 'shared'])).code, 1);
  });

  test('of two at once, both are made', async () => {
    const names = ['A', 'B', 'C', 'D'];
    await Promise.all(names.map((name) => set('gh', '--env', `N_${name}=${name}`)));
    const env = Object((await show('gh'))['env']);
    assert.deepEqual(
      names.map((name) => env[`N_${name}`]),
      names,
    );
  });
});

describe('server remove', () => {
  test('names the secrets that nothing uses any more, so that a workspace can be emptied', async () => {
    const inUse = await admin.failure(['secret', 'remove', 'gh-token']);
    assert.match(inUse.stderr, /secret gh-token is in use by the server gh/);
    const removed = await admin.broker.run(['server', 'remove', 'gh']);
    assert.match(removed.stdout, /^gh is removed\n.*secret remove gh-token/);
    await admin.broker.json(['secret', 'remove', 'gh-token']);
    // The secret of a client at an authorization server is used by the account, and not by the transport.
    await admin.broker.json(['secret', 'set', 'client'], { stdin: 'v4lue' });
    await admin.broker.json([
      ...['server', 'add', 'oauth', 'https://oauth.example/mcp', '--oauth', '--client-id', 'id'],
      ...['--client-secret-ref', 'client', '--issuer', 'https://as.example'],
    ]);
    assert.match((await admin.failure(['secret', 'remove', 'client'])).stderr, /in use by the server oauth/);
    await admin.broker.json(['server', 'remove', 'oauth']);
    for (const name of ['client', 'wiki-key']) {
      if (name === 'wiki-key') await admin.broker.json(['server', 'remove', 'wiki']);
      await admin.broker.json(['secret', 'remove', name]);
    }
    assert.deepEqual([await admin.rows('server', 'list'), await admin.rows('secret', 'list')], [[], []]);
  });
});
