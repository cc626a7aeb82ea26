// A server that tries to get out, in a sandbox and, where none can be made, as a user of its own; with a broker that is root.
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../../test/world/until.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Transport } from '../domain/transports/transports.ts';
import { isAlive } from './fixtures/is-alive.ts';
import { requester, NEVER, serverRecord, startPool } from './fixtures/pool.ts';
import type { UpstreamSession } from './upstream.ts';
import type { UpstreamsOptions } from './upstreams-options.ts';

const EVIL = fileURLToPath(new URL('./fixtures/evil-server.mjs', import.meta.url));
type Stdio = Extract<Transport, { kind: 'stdio' }>;
let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

const evil = (more: Partial<Stdio> = {}, name = 'evil'): ServerRecord =>
  serverRecord(name, { kind: 'stdio', command: process.execPath, args: [EVIL, 'stdio'], env: {}, ...more });

/** What came of one try. */
async function tries(session: UpstreamSession, name: string, args: object = {}): Promise<unknown> {
  const paramsText = JSON.stringify({ name, arguments: args });
  const { text } = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
  return JSON.parse((JSON.parse(text) as { content: { text: string }[] }).content[0]?.text ?? '');
}

interface Who {
  uid: number;
  gid: number;
  groups: number[];
  umask: number;
  cwd: string;
  env: Record<string, string>;
  status: string;
  files: string[];
}

const MODES: readonly [kind: 'sandbox' | 'uid', options: Partial<UpstreamsOptions>][] = [
  ['sandbox', {}],
  ['uid', { sandboxToolPath: '/nowhere' }],
];

for (const [kind, options] of MODES) {
  describe(`a server of a broker that is root, kept apart by ${kind === 'sandbox' ? 'a sandbox' : 'its uid'}`, () => {
    async function start(...records: ServerRecord[]): Promise<UpstreamSession> {
      pool = await startPool(records, options);
      await pool.upstreams.reload();
      assert.deepEqual(
        pool.upstreams.status('default').map(({ processIsolation }) => processIsolation),
        records.map(() => kind),
      );
      return await acquire(records[0]);
    }
    async function acquire(record: ServerRecord | undefined): Promise<UpstreamSession> {
      assert.ok(record !== undefined);
      return await pool.upstreams.acquire(record, requester('ada'));
    }
    const failsWith = async (record: ServerRecord, message: RegExp): Promise<void> => {
      pool = await startPool([record], options);
      await pool.upstreams.reload();
      await assert.rejects(acquire(record), (error: Error) => {
        assert.match(error.message, message);
        assert.equal(error.message.includes('\n'), false, 'one line');
        return true;
      });
      assert.equal(pool.upstreams.status('default')[0]?.processes, 0);
    };

    it('has no rights: neither root, nor a group, nor a capability, nor a descriptor of the broker', async () => {
      const who = (await tries(await start(evil()), 'who')) as Who;
      assert.ok(who.uid >= 61_184 && who.uid === who.gid, String(who.uid));
      assert.deepEqual(
        who.groups.filter((group) => group !== who.gid),
        [],
      );
      for (const set of ['Inh', 'Prm', 'Eff', 'Amb']) assert.match(who.status, new RegExp(`^Cap${set}:\\s0+$`, 'm'));
      assert.match(who.status, /^NoNewPrivs:\s1$/m);
      if (kind === 'sandbox') {
        assert.match(who.status, /^CapBnd:\s0+$/m);
        assert.equal(who.umask, 0o077);
      }
      assert.match(who.status, new RegExp(`^Uid:\\s${who.uid}\\s${who.uid}\\s${who.uid}\\s${who.uid}$`, 'm'));
      const opened = who.files.filter((file) => !/^(socket|pipe|anon_inode):|^\/dev\/null$|^\/proc\//.test(file));
      assert.deepEqual(
        opened.filter((file) => file !== 'ENOENT' && !file.startsWith('/dev/')),
        [],
      );
    });

    it('that writes what its arguments name, closed to others, is the same user at its next start', async () => {
      const session = await start(evil());
      const { uid, cwd } = (await tries(session, 'who')) as Who;
      for (const name of ['stdio', path.basename(EVIL), 'node'])
        assert.equal(await tries(session, 'write', { path: path.join(cwd, name), mode: 0o600 }), 'written');
      void tries(session, 'exit').catch(() => undefined);
      await until('it has ended', () => pool.upstreams.status('default')[0]?.processes === 0);
      const again = (await tries(await acquire(pool.records[0]), 'who')) as Who;
      assert.deepEqual([again.uid, again.cwd], [uid, cwd]);
    });

    it('is no other user for an argument that is closed to it', async () => {
      const session = await start(evil({ args: [EVIL, '/etc/shadow', '/root', '.', '..'] }));
      assert.ok(((await tries(session, 'who')) as Who).uid >= 61_184);
      assert.equal(await tries(session, 'read', { path: '/etc/shadow' }), 'EACCES');
    });

    it('does not start in a folder that is closed to it, which one line names with what to do', async () => {
      await failsWith(
        evil({ cwd: '/root' }),
        /^server evil did not start: \/root is closed to uid 61\d{3}.*(move it|chmod)/,
      );
    });

    it('does not start in a folder that a link of its own leads to', async (t) => {
      const folder = await closedFolder(t);
      const session = await start(evil());
      const { cwd } = (await tries(session, 'who')) as Who;
      await tries(session, 'link', { path: path.join(cwd, 'away'), to: folder });
      const other = evil({ cwd: '${home}/away' });
      pool.records[0] = other;
      await pool.upstreams.reload();
      await assert.rejects(
        acquire(other),
        /did not start: .* is (closed to uid|hidden)|did not start: its sandbox hides/,
      );
    });

    it('does not start with a command that is closed to it, which one line names with what to do', async (t) => {
      const folder = await closedFolder(t);
      await writeFile(path.join(folder, 'program'), '#!/bin/sh\nid\n', { mode: 0o755 });
      const says = new RegExp(`^server evil did not start: .*${folder}.*(stdio\\.readable)`);
      await failsWith(evil({ command: path.join(folder, 'program') }), says);
      await pool.end();
      await failsWith(evil({ command: 'program', env: { PATH: folder } }), says);
      await pool.end();
      await failsWith(evil({ command: './program', cwd: folder }), new RegExp(`did not start: .*${folder}`));
    });

    it('runs a command of its own home as itself', async () => {
      const session = await start(evil());
      const { cwd, uid } = (await tries(session, 'who')) as Who;
      const script = `#!/bin/sh\nexec '${process.execPath}' '${EVIL}'\n`;
      await writeFile(path.join(cwd, 'mine'), script, { mode: 0o755 });
      const other = evil({ command: './mine', args: [] });
      pool.records[0] = other;
      await pool.upstreams.reload();
      assert.equal(((await tries(await acquire(other), 'who')) as Who).uid, uid);
    });

    it('gets nothing done as root by what its environment says', async () => {
      const env = {
        LD_PRELOAD: '/nowhere/evil.so',
        NODE_OPTIONS: '--no-warnings',
        PATH: `/nowhere:${path.dirname(process.execPath)}:/usr/bin:/bin`,
        HOME: '/root',
        QUOTED: `it's "$(id)" \`id\` \\ \n end`,
      };
      const who = (await tries(await start(evil({ env })), 'who')) as Who;
      assert.ok(who.uid >= 61_184);
      for (const [name, value] of Object.entries(env)) assert.equal(who.env[name], value, name);
      assert.equal(await tries(await acquire(pool.records[0]), 'list', { path: '/root' }), 'EACCES');
    });

    it('reads nothing of the broker, and nothing of another server', async () => {
      const secret = 'an-api-key-in-an-argument';
      const other = evil({ args: [EVIL, '--api-key', secret], env: { TOKEN: `${secret}-in-env` } }, 'other');
      const session = await start(evil(), other);
      await acquire(other);
      const key = path.join(pool.dataDir, 'master.key');
      await writeFile(key, 'the key', { mode: 0o600 });
      assert.match(String(await tries(session, 'read', { path: key })), kind === 'sandbox' ? /^ENOENT$/ : /^EACCES$/);
      const homes = path.join(pool.dataDir, 'upstreams');
      assert.match(
        String(await tries(session, 'list', { path: path.join(homes, 'other', 'shared') })),
        /^(ENOENT|EACCES)$/,
      );
      const others = String(await tries(session, 'others'));
      assert.equal(others.includes(`${secret}-in-env`), false);
      if (kind === 'sandbox') {
        assert.equal(others.includes(secret), false, 'arguments of others');
        assert.deepEqual(await tries(session, 'list', { path: pool.dataDir }), ['upstreams']);
        assert.deepEqual(await tries(session, 'list', { path: homes }), ['evil']);
      }
    });

    it('writes nowhere but in its home and what is its alone', async (t) => {
      const session = await start(evil());
      const { cwd } = (await tries(session, 'who')) as Who;
      const open = await mkdtemp(path.join('/var/tmp', 'mcpgate-open-'));
      t.after(() => rm(open, { recursive: true, force: true }));
      await chmod(open, 0o777);
      assert.equal(await tries(session, 'write', { path: path.join(cwd, 'mine') }), 'written');
      for (const folder of ['/usr', '/etc', '/root', '/', pool.dataDir, path.join(pool.dataDir, 'upstreams')])
        assert.match(
          String(await tries(session, 'write', { path: path.join(folder, 'mcpgate-evil') })),
          /^(EROFS|EACCES|ENOENT)$/,
        );
      if (kind === 'sandbox') {
        assert.equal(await tries(session, 'write', { path: path.join(open, 'evil') }), 'EROFS');
        assert.equal(await tries(session, 'write', { path: '/tmp/mcpgate-evil' }), 'written');
        await assert.rejects(stat('/tmp/mcpgate-evil'), 'its /tmp is its own');
        assert.deepEqual(await readdir(open), []);
      }
    });

    it('ends nobody and connects to no socket of the broker', async (t) => {
      const session = await start(evil());
      const socket = path.join(pool.dataDir, 'admin.sock');
      const admin = createServer().listen(socket);
      t.after(() => admin.close());
      await chmod(socket, 0o600);
      assert.match(String(await tries(session, 'connect', { path: socket })), /^(ENOENT|EACCES)$/);
      assert.match(String(await tries(session, 'kill', { pid: process.pid })), /^(EPERM|ESRCH)$/);
      assert.match(String(await tries(session, 'kill', { pid: process.ppid })), /^(EPERM|ESRCH)$/);
    });

    it('takes its children with it that left its session, its parents and its environment', async () => {
      const record = evil({}, 'evil');
      const session = await start(record);
      const word = String(await tries(session, 'escape'));
      await until('the child is there', () => isAlive(word));
      void tries(session, 'exit').catch(() => undefined);
      await until('the child has ended with it', () => !isAlive(word));
    });

    it('takes nothing of another broker with it whose server has the same uid', async (t) => {
      const record = evil();
      const other = await startPool([record], { ...options });
      t.after(() => other.end());
      pool = await startPool([record], { ...options, watchMemoryEveryMs: 2 });
      await pool.upstreams.reload();
      const session = await acquire(record);
      const { uid } = (await tries(session, 'who')) as Who;
      // What it was given at a time when nobody else had it.
      const home = path.join(other.dataDir, 'upstreams', 'evil', 'shared');
      await mkdir(home, { recursive: true, mode: 0o711 });
      await chown(home, uid, uid);
      await other.upstreams.reload();
      const neighbour = await other.upstreams.acquire(record, requester('ada'));
      for (let calls = 0; calls < 50; calls++) assert.equal(((await tries(neighbour, 'who')) as Who).uid, uid);
      await assert.rejects(tries(session, 'exit'));
      assert.equal(((await tries(neighbour, 'who')) as Who).uid, uid);
    });

    it('has no network where its record says so, or does not start', async (t) => {
      const listener = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => listener.once('listening', resolve));
      t.after(() => listener.close());
      const { port } = listener.address() as { port: number };
      const target = { host: '127.0.0.1', port };
      assert.equal(await tries(await start(evil()), 'connect', target), 'connected');
      await pool.end();
      const apart = evil({ network: 'none' });
      if (kind === 'uid') {
        await failsWith(
          apart,
          /^server evil did not start: its record says that it has no network, .*`bwrap` was not found/,
        );
        return;
      }
      assert.equal(await tries(await start(apart), 'connect', target), 'ECONNREFUSED');
    });
  });
}

describe('what the configuration names as readable', () => {
  it('runs from a folder that is closed to others, of which nothing else is seen', async (t) => {
    const closed = await closedFolder(t);
    const folder = path.join(closed, 'inner');
    await writeFile(path.join(closed, 'secret'), 'closed on purpose', { mode: 0o644 });
    await writeFile(path.join(folder, 'secret'), 'closed on purpose', { mode: 0o600 });
    await writeFile(path.join(folder, 'mine'), `#!/bin/sh\nexec '${process.execPath}' '${EVIL}'\n`, { mode: 0o755 });
    const record = evil({ command: path.join(folder, 'mine'), args: [] });
    pool = await startPool([record], { stdio: { sandbox: 'required', readable: [folder] } });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    assert.ok(((await tries(session, 'who')) as Who).uid >= 61_184);
    assert.deepEqual(await tries(session, 'list', { path: closed }), ['inner']);
    assert.equal(await tries(session, 'read', { path: path.join(folder, 'secret') }), 'EACCES');
    assert.match(String(await tries(session, 'write', { path: path.join(folder, 'new') })), /^(EROFS|EACCES)$/);
  });

  it('keeps what a server writes where the configuration says so, and there alone', async (t) => {
    const closed = await closedFolder(t);
    const [folder, kept] = [path.join(closed, 'inner'), path.join(closed, 'inner', 'kept')];
    await mkdir(kept);
    await chmod(kept, 0o777);
    const record = evil();
    pool = await startPool([record], { stdio: { sandbox: 'required', readable: [folder], writable: [kept] } });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    assert.equal(await tries(session, 'write', { path: path.join(kept, 'new') }), 'written');
    assert.match(String(await tries(session, 'write', { path: path.join(folder, 'new') })), /^(EROFS|EACCES)$/);
    assert.deepEqual([await readdir(folder), await readdir(kept)], [['kept'], ['new']]);
  });

  it('shows nothing of the broker’s data, and not its other secret files and folders', async (t) => {
    const folder = await mkdtemp(path.join('/var/tmp', 'mcpgate-etc-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const file = path.join(folder, 'broker.yaml');
    await writeFile(file, 'database_url: postgres://user:password@host/db', { mode: 0o644 });
    const secrets = path.join(folder, 'secrets');
    await mkdir(secrets);
    await writeFile(path.join(secrets, 'token'), 'the password of another server', { mode: 0o644 });
    const record = evil();
    pool = await startPool([record], {
      secretFiles: [file, secrets],
      stdio: { sandbox: 'required', readable: ['/tmp', folder] },
    });
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    assert.doesNotMatch(String(await tries(session, 'read', { path: file })), /password/);
    assert.equal(await tries(session, 'read', { path: path.join(secrets, 'token') }), 'ENOENT');
    assert.deepEqual(await tries(session, 'list', { path: pool.dataDir }), ['upstreams']);
  });

  it('is of no use without a sandbox: where one is required, nothing starts', async () => {
    const record = evil();
    pool = await startPool([record], { sandboxToolPath: '/nowhere', stdio: { sandbox: 'required', readable: [] } });
    await pool.upstreams.reload();
    await assert.rejects(
      pool.upstreams.acquire(record, requester('ada')),
      /stdio\.sandbox .* wants a sandbox, .*install bubblewrap/,
    );
  });
});

/** One that only root may enter. */
async function closedFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join('/var/tmp', 'mcpgate-closed-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'inner'));
  await chmod(folder, 0o700);
  return folder;
}
