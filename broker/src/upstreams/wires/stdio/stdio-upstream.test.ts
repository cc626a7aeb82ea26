import assert from 'node:assert/strict';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { until } from 'mcpgate-test/world/until';
import type { ServerRecord } from '../../../domain/server-record.ts';
import type { UpstreamSession } from '../../upstream.ts';
import { isAlive } from '../../fixtures/is-alive.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';

type Pool = Awaited<ReturnType<typeof startPool>>;
const isRoot = process.getuid?.() === 0;
let pool: Pool;
afterEach(() => pool.end());

async function start(...records: ServerRecord[]): Promise<UpstreamSession> {
  pool = await startPool(records);
  await pool.upstreams.reload();
  const [first] = records;
  assert.ok(first !== undefined);
  return pool.upstreams.acquire(first, requester('u1'));
}

function call(session: UpstreamSession, name: string, args: unknown = {}, signal: AbortSignal = NEVER) {
  return session.request({ method: 'tools/call', paramsText: JSON.stringify({ name, arguments: args }), signal });
}

async function textOf(session: UpstreamSession, name: string, args: unknown = {}): Promise<string> {
  const reply = await call(session, name, args);
  assert.equal(reply.kind, 'result');
  return (JSON.parse(reply.text) as { content: { text: string }[] }).content[0]?.text ?? '';
}

describe('a stdio server', () => {
  it('is initialized before anything else, lists all pages and answers calls as text', async () => {
    const record = serverRecord('fix', fixtureServer());
    const session = await start(record);
    const tools = await session.list('tools', NEVER);
    assert.equal(tools.length, 12);
    assert.equal(tools[0]?.text, '{"inputSchema":{"type":"object"},"name":"echo","description":"does echo"}');
    const reply = await call(session, 'numbers');
    assert.deepEqual(reply, {
      kind: 'result',
      isToolError: false,
      text: '{"z":1,"structuredContent":{"b":12345678901234567890,"1":1.0,"a":"\\u00e9"},"content":[]}',
    });
    const methods = (await pool.log('fix')).map((line) => line['method']).filter((method) => method !== undefined);
    assert.deepEqual(methods.slice(0, 4), ['server/discover', 'initialize', 'notifications/initialized', 'tools/list']);
    assert.deepEqual(await call(session, 'fail'), {
      kind: 'error',
      text: '{"code":-32055,"message":"no such thing","data":{"big":1}}',
    });
  });

  it('gets a minimal environment, a home of its own and, under root, another uid that cannot read the master key', async () => {
    pool = await startPool([serverRecord('fix', fixtureServer([], { EXTRA: 'yes', TOKEN: '${secret:token}' }))]);
    pool.secrets.set('token', 'tok-123456');
    await writeFile(path.join(pool.dataDir, 'master.key'), 'key', { mode: 0o644 });
    process.env['MCPGATE_LEAK_PROBE'] = 'leak';
    await pool.upstreams.reload();
    const [record] = pool.records;
    assert.ok(record !== undefined);
    const session = await pool.upstreams.acquire(record, requester('u1'));
    assert.deepEqual(session.secretVersions, ['token@1']);
    const seen = JSON.parse(await textOf(session, 'env')) as { env: Record<string, string>; cwd: string; uid: number };
    delete process.env['MCPGATE_LEAK_PROBE'];
    const home = path.join(pool.dataDir, 'upstreams', 'fix', 'shared');
    assert.deepEqual(Object.keys(seen.env).sort(), [
      ...['EXTRA', 'FIXTURE_LOG', 'HOME', 'LANG', 'MCPGATE_SERVER_HOME', 'PATH', 'TMPDIR', 'TOKEN'],
    ]);
    assert.equal(seen.env['HOME'], home);
    assert.equal(seen.env['TOKEN'], '***', 'what it says of its secret is hidden');
    const [started] = await pool.log('fix');
    assert.equal((started?.['env'] as Record<string, string> | undefined)?.['TOKEN'], 'tok-123456');
    assert.equal(seen.cwd, home);
    const [status] = pool.upstreams.status('default');
    assert.equal(status?.processIsolation, 'sandbox');
    if (isRoot) {
      assert.ok(seen.uid >= 61_184, String(seen.uid));
      assert.equal((await stat(path.join(pool.dataDir, 'master.key'))).mode & 0o077, 0);
      assert.equal((await stat(home)).uid, seen.uid);
      assert.equal((await stat(home)).mode & 0o077, 0);
    }
  });

  it('may print noise on stdout without breaking the session', async () => {
    const session = await start(serverRecord('fix', fixtureServer(['noise'])));
    assert.equal(await textOf(session, 'echo', { text: 'through the noise' }), 'through the noise');
  });

  it('fails the calls under way with who did what when it dies, and is there again for the next one', async () => {
    const record = serverRecord('fix', fixtureServer());
    const session = await start(record);
    const hanging = call(session, 'hang');
    const dying = call(session, 'die');
    for (const attempt of [hanging, dying]) {
      await assert.rejects(attempt, (error: unknown) => {
        assert.ok(error instanceof GateError);
        assert.equal(error.code, 'unknown_outcome');
        assert.match(error.message, /server fix ended \(exit code 7\).*tools\/call.*not known/);
        return true;
      });
    }
    const again = await pool.upstreams.acquire(record, requester('u1'));
    assert.equal(await textOf(again, 'echo', { text: 'back' }), 'back');
    assert.equal(await textOf(session, 'echo', { text: 'the old handle too' }), 'the old handle too');
  });

  it('answers 5 MB', async () => {
    const session = await start(serverRecord('fix', fixtureServer()));
    assert.equal((await textOf(session, 'big')).length, 5_000_000);
  });

  it('hears of a cancellation at once, while the caller is released at once', async () => {
    const session = await start(serverRecord('fix', fixtureServer()));
    const controller = new AbortController();
    const hanging = call(session, 'hang', {}, controller.signal);
    controller.abort();
    await assert.rejects(hanging, (error: unknown) => error instanceof GateError && error.code === 'cancelled');
    await textOf(session, 'echo');
    const log = await pool.log('fix');
    const sent = log.find((line) => line['method'] === 'tools/call');
    const note = log.find((line) => line['method'] === 'notifications/cancelled');
    assert.deepEqual(note?.['params'], { requestId: sent?.['id'], reason: 'cancelled by the caller' });
  });

  it('reports progress under a token of the session', async () => {
    const session = await start(serverRecord('fix', fixtureServer()));
    const progress: unknown[] = [];
    const reply = await session.request({
      method: 'tools/call',
      paramsText: '{"name":"progress","_meta":{"keep":1}}',
      signal: NEVER,
      onProgress: (text) => progress.push(JSON.parse(text)),
    });
    assert.deepEqual(
      progress.map((each) => (each as { progress: number }).progress),
      [1, 2, 3],
    );
    const { meta } = JSON.parse(reply.text) as { meta: Record<string, unknown> };
    assert.equal(meta['keep'], 1);
    assert.equal(typeof meta['progressToken'], 'number');
  });

  it('tells when its tools changed, and lists anew', async () => {
    const session = await start(serverRecord('fix', fixtureServer()));
    await session.list('tools', NEVER);
    const changed = new Promise<void>((resolve) => {
      pool.upstreams.onEvent(({ server }) => {
        if (server === 'fix') resolve();
      });
    });
    await textOf(session, 'grow');
    await changed;
    assert.ok((await session.list('tools', NEVER)).some((tool) => tool.key === 'grown'));
  });

  it('gets an answer to its ping and a refusal of what is not offered', async () => {
    const session = await start(serverRecord('fix', fixtureServer()));
    await textOf(session, 'ask');
    await textOf(session, 'echo');
    const log = await pool.log('fix');
    assert.deepEqual(
      log.find((line) => line['id'] === 'p'),
      { jsonrpc: '2.0', id: 'p', result: {} },
    );
    assert.deepEqual(log.find((line) => line['id'] === 'r')?.['error'], {
      code: -32601,
      message: 'mcpgate does not offer roots/list',
    });
  });

  it('that does not start says why, with its secret masked, and holds nobody up', async () => {
    pool = await startPool([serverRecord('fix', fixtureServer(['exit'], { TOKEN: '${secret:token}' }))]);
    pool.secrets.set('token', 'tok-123456');
    const [record] = pool.records;
    assert.ok(record !== undefined);
    await pool.upstreams.reload();
    await assert.rejects(
      pool.upstreams.acquire(record, requester('u1')),
      /server fix ended \(exit code 3\).*"cannot start: token \*\*\* was refused"/,
    );
    const [status] = pool.upstreams.status('default');
    assert.match(status?.error ?? '', /exit code 3/);
    assert.deepEqual(status?.stderr, ['cannot start: token *** was refused']);
    assert.equal(JSON.stringify(status).includes('tok-123456'), false);
    const { steps } = await pool.upstreams.test(record);
    assert.deepEqual(
      steps.map(({ step, ok }) => [step, ok]),
      [
        ['secrets', true],
        ['start', true],
        ['handshake', false],
      ],
    );
  });

  it('whose command does not exist, or whose secret is missing, is named in one line', async () => {
    const missing = serverRecord('gone', { kind: 'stdio', command: 'no-such-command-here', args: [], env: {} });
    const unset = serverRecord('unset', fixtureServer([], { TOKEN: '${secret:nope}' }));
    pool = await startPool([missing, unset]);
    await pool.upstreams.reload();
    await assert.rejects(
      pool.upstreams.acquire(missing, requester('u1')),
      /server gone did not start: command no-such-command-here/,
    );
    await assert.rejects(pool.upstreams.acquire(unset, requester('u1')), /no secret named nope/);
  });

  it('that never answers the handshake fails within the time-out and leaves no process', async () => {
    const record = serverRecord('fix', fixtureServer(['never']));
    pool = await startPool([record], { startTimeoutMs: 2_000 });
    await pool.upstreams.reload();
    await assert.rejects(pool.upstreams.acquire(record, requester('u1')), /did not answer its handshake/);
    const [first] = await pool.log('fix');
    await until('its process has ended', () => !isAlive(first?.['started']));
  });

  it('runs as one process a person where its record says so, each with its own home', async () => {
    const record = serverRecord('fix', fixtureServer(), 'per-user');
    pool = await startPool([record]);
    await pool.upstreams.reload();
    const [ada, bob, again] = await Promise.all([
      pool.upstreams.acquire(record, requester('ada')),
      pool.upstreams.acquire(record, requester('bob')),
      pool.upstreams.acquire(record, requester('ada')),
    ]);
    const seen = await Promise.all(
      [ada, bob, again].map(async (each) => JSON.parse(await textOf(each, 'env')) as { cwd: string; uid: number }),
    );
    assert.notEqual(seen[0]?.cwd, seen[1]?.cwd);
    assert.equal(seen[0]?.cwd, seen[2]?.cwd);
    if (isRoot) assert.notEqual(seen[0]?.uid, seen[1]?.uid);
    assert.equal(pool.upstreams.status('default')[0]?.processes, 2);
  });

  it('is replaced after a rotation: new calls reach a process with the new secret, the old one finishes what runs', async () => {
    const record = serverRecord('fix', fixtureServer([], { TOKEN: '${secret:token}' }));
    pool = await startPool([record]);
    pool.secrets.set('token', 'first-value');
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('u1'));
    const controller = new AbortController();
    const running = call(session, 'hang', {}, controller.signal);
    pool.secrets.set('token', 'second-value');
    const next = await pool.upstreams.acquire(record, requester('u1'));
    assert.deepEqual(next.secretVersions, ['token@2']);
    const { title } = JSON.parse(await textOf(next, 'env')) as { title: string };
    const started = (await pool.log('fix')).find((line) => line['started'] === title);
    assert.equal((started?.['env'] as Record<string, string> | undefined)?.['TOKEN'], 'second-value');
    assert.equal(pool.upstreams.status('default')[0]?.processes, 2, 'the old one still runs its call');
    controller.abort();
    await assert.rejects(running, /cancelled/);
  });

  it('that ignores SIGTERM is gone when the pool has closed', async () => {
    await start(serverRecord('fix', fixtureServer(['ignore-term'])));
    const [first] = await pool.log('fix');
    assert.equal(isAlive(first?.['started']), true);
    await pool.upstreams.close();
    assert.equal(isAlive(first?.['started']), false);
  });

  it('is refused once it was removed or disabled, and its process ends', async () => {
    const record = serverRecord('fix', fixtureServer());
    await start(record);
    const [first] = await pool.log('fix');
    pool.records.length = 0;
    await pool.upstreams.reload();
    assert.deepEqual(pool.upstreams.servers('default'), []);
    await assert.rejects(pool.upstreams.acquire(record, requester('u1')), /not registered or not enabled/);
    await pool.upstreams.close();
    assert.equal(isAlive(first?.['started']), false);
    await access(pool.dataDir);
    assert.ok((await readFile(path.join(pool.dataDir, 'upstreams/fix/shared/log.jsonl'), 'utf8')).length > 0);
  });

  it('that is slow to list can be called meanwhile', async () => {
    const session = await start(serverRecord('fix', fixtureServer(['slow-list'])));
    const controller = new AbortController();
    const listing = session.list('tools', controller.signal);
    assert.equal(await textOf(session, 'echo', { text: 'meanwhile' }), 'meanwhile');
    controller.abort();
    await assert.rejects(listing, /cancelled/);
  });
});
