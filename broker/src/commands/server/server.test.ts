import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from '../fixtures/administration.ts';

const admin = administration(async (broker) => {
  await broker.json(['secret', 'set', 'github-token'], { stdin: 'v4lue\n' });
});

describe('servers', () => {
  const quiet = 'process.stdin.resume()';

  test('are added with references only: a plain secret on the command line is refused', async () => {
    const refused = await admin.failure([
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
    // Whoever does as it says changes no secret that is there.
    await admin.broker.json(['secret', 'set', 'other-token'], { stdin: 'v4lue' });
    const again = await admin.failure(['server', 'add', 'other', '--env', 'TOKEN=plain-v4lue', '--', 'node']);
    assert.match(again.stderr, /secret set other-token-2`.*\$\{secret:other-token-2\}/);
    const header = await admin.failure([
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
      (await admin.failure(['server', 'add', 'gh', '--env', 'GITHUB_TOKEN=${secret:absent}', '--', 'node'])).code,
      1,
    );

    await admin.broker.json([
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
    const [server] = await admin.rows('server', 'list');
    assert.deepEqual(server?.['args'], ['-e', quiet, '--flag']);
    assert.deepEqual(server?.['secrets'], ['github-token']);
    assert.deepEqual((await admin.rows('secret', 'list'))[0]?.['servers'], ['gh']);
    assert.equal((await admin.failure(['server', 'add', 'gh', '--', 'node'])).code, 1);
    assert.equal((await admin.failure(['server', 'add', 'No_Name', '--', 'node'])).code, 2);
    assert.equal((await admin.failure(['server', 'add', 'neither'])).code, 2);
  });

  test('whose command is given without the two dashes are refused with a word about them', async () => {
    const { code, stderr } = await admin.failure(['server', 'add', 'every', 'npx', '-y', 'pkg']);
    assert.equal(code, 2);
    assert.match(stderr, /unknown option '-y'[^]*`server add NAME -- COMMAND ARGS…`/);
  });

  test('are told by their URL alone, however it is given, and one place each', async () => {
    const url = 'https://mcp.example.com/mcp';
    for (const words of [
      ['by-word', url],
      ['by-flag', '--url', url],
      ['by-case', 'HTTPS://mcp.example.com/mcp', '--header', 'X-Team=payments'],
    ]) {
      const added = Object(await admin.broker.json(['server', 'add', ...words]));
      assert.deepEqual([added['transport'], String(added['url']).toLowerCase()], ['http', url], words.join(' '));
      await admin.broker.json(['server', 'remove', words[0] ?? '']);
    }
    for (const words of [
      ['two', url, '--url', url],
      ['two', '--url', url, '--', 'node'],
      ['more', url, '--flag-of-a-command'],
      ['more', url, 'argument'],
      ['env', url, '--env', 'A=b'],
    ]) {
      const { code, stderr } = await admin.failure(['server', 'add', ...words]);
      assert.equal(code, 2, `${words.join(' ')}: ${stderr}`);
    }
    // By its URL alone it is called after its host, where that is not ambiguous.
    const derived = await admin.broker.run(['server', 'add', url]);
    assert.match(
      derived.stdout,
      /^added example, named after its host; `server rename example NEW` gives it another name\n/,
    );
    assert.match((await admin.failure(['server', 'add', url])).stderr, /a server named example exists already/);
    await admin.broker.json(['server', 'remove', 'example']);
    const unclear = await admin.failure(['server', 'add', 'https://wiki.example.com/mcp']);
    assert.deepEqual(
      [unclear.code, /say what it is to be called: `server add NAME https/.test(unclear.stderr)],
      [2, true],
    );
    const told = await admin.failure(['server', 'add', 'https://me:pa55w0rd@wiki.example.com/mcp?key=pa55w0rd']);
    assert.match(told.stderr, /`server add NAME https:\/\/wiki\.example\.com\/mcp`/, 'without what may be a secret');
    const { stderr } = await admin.failure(['server', 'add', 'more', url, 'argument']);
    assert.match(stderr, /a URL takes no arguments/);
    const before = (await admin.rows('server', 'list')).length;
    for (const word of [
      'wiki.example.com/mcp',
      'localhost:8080/mcp',
      '127.0.0.1:8080',
      'wss://mcp.example.com/mcp',
      'htps://mcp.example.com/mcp',
      'file:///srv/mcp',
    ]) {
      const refused = await admin.failure(['server', 'add', 'typo', word]);
      assert.equal(refused.code, 2, word);
      assert.match(refused.stderr, /an address starts with https:\/\/ or http:\/\//, word);
    }
    assert.equal((await admin.rows('server', 'list')).length, before, 'none of them was taken for a command');
  });

  test('are trusted about their tools’ annotations only where that was said, and until it is taken back', async () => {
    const shown = async () => Object(await admin.broker.json(['server', 'show', 'gh']))['trust_annotations'];
    assert.equal(await shown(), false);
    await admin.broker.json(['server', 'set', 'gh', '--trust-annotations', 'on']);
    assert.equal(await shown(), true);
    assert.match((await admin.broker.run(['server', 'show', 'gh'])).stdout, /trusted about being read-only/);
    await admin.broker.json(['server', 'set', 'gh', '--trust-annotations', 'off']);
    assert.equal(await shown(), false);
    assert.equal((await admin.failure(['server', 'set', 'gh'])).code, 2);
    assert.equal((await admin.failure(['server', 'set', 'gh', '--trust-annotations', 'perhaps'])).code, 2);
  });

  test('are shown with what keeps their processes apart, and have no network where that was said', async () => {
    await admin.broker.json(['server', 'add', 'lone', '--network', 'none', '--', 'node', '-e', quiet]);
    const lone = Object(await admin.broker.json(['server', 'show', 'lone']));
    assert.equal(lone['network'], 'none');
    assert.match(String(lone['process_isolation']), /^(?:sandbox|uid|none)$/);
    const { stdout } = await admin.broker.run(['server', 'show', 'lone']);
    assert.match(stdout, new RegExp(`^process +${String(lone['process_isolation'])}(?: |$)`, 'm'));
    assert.match(stdout, /^network +none$/m);
    await admin.broker.json(['server', 'set', 'lone', '--network', 'full']);
    assert.match((await admin.broker.run(['server', 'show', 'lone'])).stdout, /^network +full$/m);
    const { code, stderr } = await admin.failure(['server', 'add', 'x', '--network', 'some', '--', 'node']);
    assert.deepEqual([code, /--network: "some" is neither full nor none/.test(stderr)], [2, true]);
    const far = ['server', 'add', 'x', 'https://x.example/mcp', '--network', 'none'];
    assert.match((await admin.failure(far)).stderr, /--network is for a command/);
    await admin.broker.json(['server', 'remove', 'lone']);
  });

  test('have limits of their own where that was said, and the broker’s otherwise', async () => {
    const limits = async () => Object(await admin.broker.json(['server', 'show', 'gh']))['limits'] as object;
    const before = await limits();
    const words = ['memory=512MiB', 'open_files=100', 'cpu_seconds=60'];
    await admin.broker.json(['server', 'set', 'gh', '--limit', ...words]);
    assert.deepEqual(await limits(), { ...before, memory_bytes: 512 * 1024 ** 2, open_files: 100, cpu_seconds: 60 });
    const { stdout } = await admin.broker.run(['server', 'show', 'gh']);
    assert.match(stdout, /^limits +at most 512 MiB of memory, 100 open files,.* 60 s of CPU$/m);
    await admin.broker.json(['server', 'set', 'gh', '--limit', 'memory=none']);
    assert.deepEqual(await limits(), { ...before, memory_bytes: null, open_files: 100, cpu_seconds: 60 });
    await admin.broker.json([
      'server',
      'set',
      'gh',
      '--limit',
      'memory=default',
      'open_files=default',
      'cpu_seconds=default',
    ]);
    assert.deepEqual(await limits(), before);
    const tooLittle = await admin.failure(['server', 'set', 'gh', '--limit', 'memory=1MiB']);
    assert.equal(tooLittle.code, 2);
    assert.match(tooLittle.stderr, /--limit: memory: write a size of 64MiB or more, or none/);
    const unknown = await admin.failure(['server', 'set', 'gh', '--limit', 'sockets=3']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /--limit: the limits are memory, open_files/);
    const elsewhere = ['server', 'add', 'web', '--url', 'https://mcp.example.com/mcp', '--limit', 'memory=1GiB'];
    assert.equal((await admin.failure(elsewhere)).code, 2);
  });

  test('are disabled, enabled and removed', async () => {
    assert.equal(Object(await admin.broker.json(['server', 'disable', 'gh']))['state'], 'disabled');
    assert.equal(Object(await admin.broker.json(['server', 'enable', 'gh']))['enabled'], true);
    await admin.broker.json(['server', 'remove', 'gh']);
    assert.deepEqual(await admin.rows('server', 'list'), []);
    assert.equal((await admin.failure(['server', 'test', 'gh'])).code, 1);
  });
});
