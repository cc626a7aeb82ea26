// A real PostgreSQL server for a test file: a cluster of its own in a temporary folder on a loopback port, gone afterwards. With
// MCPGATE_TEST_POSTGRES_URL (a superuser's URL) that server is used instead, and only the databases made here are removed: `npm test` starts one
// for the whole run, because making a cluster costs more than most files' tests.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, chownSync, constants, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import pg from 'pg';

export interface TestPostgres {
  /** The superuser's URL of the database `postgres`. */
  url: string;
  /** Makes an empty database, or a copy of that one; returns its URL. */
  createDatabase(copyOf?: string): Promise<string>;
  /**
   * A database for `createDatabase` to copy: `fill` makes it what it is, once on this server, whichever process asks first. It stays for those
   * that ask later, so its name tells what is in it. Returns its name.
   */
  template(name: string, fill: (url: string) => Promise<void>): Promise<string>;
  /** Ends the server at once, as a crash would, and removes everything. */
  stop(): Promise<void>;
}

/** Starts a server, or takes the one of MCPGATE_TEST_POSTGRES_URL. Throws, saying what to install, where there is none. */
export async function startPostgres(env: NodeJS.ProcessEnv = process.env): Promise<TestPostgres> {
  const given = env['MCPGATE_TEST_POSTGRES_URL'];
  const server = given ? { url: given, stop: () => Promise.resolve() } : await startCluster(env['PATH'] ?? '');
  const made: string[] = [];

  return {
    url: server.url,
    async createDatabase(copyOf) {
      const name = `mcpgate_test_${randomBytes(6).toString('hex')}`;
      await runSql(
        server.url,
        `create database ${name}${copyOf === undefined ? '' : ` template ${copyOf} strategy file_copy`}`,
      );
      made.push(name);
      return urlOf(server.url, name);
    },
    template: (name, fill) => makeTemplate(server.url, name, fill),
    async stop() {
      if (given) for (const name of made) await runSql(server.url, `drop database ${name} with (force)`);
      await server.stop();
    },
  };
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function makeTemplate(serverUrl: string, name: string, fill: (url: string) => Promise<void>): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    // Until this connection ends nobody else makes it.
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount !== 0) return name;
    const unfinished = `${name}_unfinished`;
    await client.query(`drop database if exists ${unfinished} with (force)`);
    await client.query(`create database ${unfinished}`);
    await fill(urlOf(serverUrl, unfinished));
    await client.query(`alter database ${unfinished} rename to ${name}`);
    return name;
  } finally {
    await client.end();
  }
}

/** Runs one statement on a connection of its own. */
export async function runSql(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** How many rows a query has. */
export async function countRows(url: string, query: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(query)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

async function startCluster(path: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const bin = findPrograms(path);
  const user = unprivilegedUser();
  const folder = mkdtempSync('/tmp/mcpgate-pg-');
  const password = randomBytes(12).toString('hex');
  writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
  if (user) for (const owned of [folder, join(folder, 'password')]) chownSync(owned, user.uid, user.gid);

  const data = join(folder, 'data');
  const asUser = { ...user, cwd: folder, env: { PATH: path, LC_ALL: 'C' } };
  const init = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'password',
      `--pwfile=${folder}/password`,
      '-E',
      'UTF8',
      '--no-sync',
      '--no-instructions',
    ],
    { ...asUser, encoding: 'utf8' },
  );
  if (init.status !== 0) {
    rmSync(folder, { recursive: true });
    throw new Error(`initdb failed: ${init.error?.message ?? init.stderr}`);
  }

  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'shared_buffers=16MB',
    'max_connections=300',
    'max_wal_senders=0',
    'wal_level=minimal',
    'autovacuum=off',
  ].flatMap((setting) => ['-c', setting]);
  // Its standard input ends with this process, however that ends.
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', folder, join(bin, 'postgres'), '-D', data, ...settings], {
    ...asUser,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const gone = once(keeper, 'exit');
  await ready(keeper.stderr);

  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      keeper.stdin.end();
      await gone;
    },
  };
}

/** Runs the server until standard input ends, then ends it as a crash would and removes its folder. */
const KEEPER = `trap '' INT TERM HUP
folder=$1; shift
"$@" & server=$!
exec 2>&-
cat >/dev/null
kill -QUIT $server 2>&1
wait $server
cd / && rm -rf "$folder"`;

/** Resolves when the server says that it accepts connections; rejects with what it wrote where it ends first. */
function ready(stderr: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    let written = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-4_000);
      if (written.includes('database system is ready to accept connections')) resolve();
    });
    stderr.once('close', () => reject(new Error(`postgres ended while starting: ${written}`)));
  });
}

/** The folder that holds `initdb`, `postgres` and whatever else is needed. */
export function findPrograms(path: string, more: readonly string[] = []): string {
  const folders = [...path.split(delimiter), ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed()];
  const found = folders.find((folder) =>
    ['initdb', 'postgres', ...more].every((name) => isProgram(join(folder, name))),
  );
  if (found !== undefined) return found;
  throw new Error(
    'PostgreSQL is not installed: run apt-get install postgresql (macOS: brew install postgresql), or set MCPGATE_TEST_POSTGRES_URL',
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root: whom to run it as there. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => {
      const answer = spawnSync('id', [flag, name], { encoding: 'utf8' });
      return answer.status === 0 ? Number(answer.stdout) : undefined;
    });
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody: run the tests as another user',
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const closed = once(server, 'close');
  server.close();
  await closed;
  if (address === null || typeof address === 'string') throw new Error('no loopback port is free');
  return address.port;
}
