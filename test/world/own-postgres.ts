// PostgreSQL servers of a test's own that end, freeze, stay away and give way to a standby, all on purpose.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms, runSql, unprivilegedUser } from '../postgres.ts';
import { freePort } from './network/free-port.ts';
import { until } from './until.ts';

export interface OwnServer {
  readonly port: number;
  start(): Promise<void>;
  /** As `pg_ctl stop -m`. */
  stop(how: 'immediate' | 'fast'): Promise<void>;
  /** Every process of it stands still; the returned function lets it go on. */
  freeze(): () => void;
  /** A standby becomes a primary. */
  promote(): Promise<void>;
}

export interface OwnPostgres {
  readonly primary: OwnServer;
  /** The superuser's URL of the primary's database `postgres`. */
  readonly url: string;
  /** A standby that has all that the primary has, and what is committed is on both. */
  addStandby(): Promise<OwnServer>;
  close(): Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const bin = findPrograms(process.env['PATH'] ?? '', ['pg_ctl', 'pg_basebackup']);
  const user = unprivilegedUser();
  const folder = mkdtempSync('/tmp/mcpgate-own-pg-');
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const owned of [folder, passwordFile]) chownSync(owned, user.uid, user.gid);
  const as = { ...user, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C', PGPASSWORD: password } };
  // Ends whatever runs here with this process, however that ends.
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', folder], { ...as, stdio: ['pipe', 'ignore', 'ignore'] });

  const run = (program: string, ...args: string[]): void => {
    // Its server keeps what it inherits open.
    const { status, stderr, error } = spawnSync(join(bin, program), args, {
      ...as,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} exited ${status}: ${error?.message ?? stderr}`);
  };
  const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

  const serverIn = (data: string, port: number): OwnServer => ({
    port,
    async start() {
      run('pg_ctl', '-D', data, '-W', '-l', `${data}.log`, 'start');
      await until('PostgreSQL to answer', () =>
        runSql(urlOf(port), 'select 1').then(
          () => true,
          () => false,
        ),
      );
    },
    stop(how) {
      run('pg_ctl', '-D', data, '-m', how, 'stop');
      return Promise.resolve();
    },
    freeze() {
      const first = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
      const all = [first, ...childrenOf(first)];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      return () => {
        for (const pid of all) process.kill(pid, 'SIGCONT');
      };
    },
    async promote() {
      run('pg_ctl', '-D', data, 'promote');
      await until('it to take writes', () =>
        runSql(urlOf(port), 'create temporary table t (n int)').then(
          () => true,
          () => false,
        ),
      );
    },
  });

  const settings = (data: string, port: number) => {
    const lines = { port, unix_socket_directories: `'${folder}'`, ...SETTINGS };
    appendFileSync(
      join(data, 'postgresql.conf'),
      Object.entries(lines)
        .map((line) => `${line.join(' = ')}\n`)
        .join(''),
    );
  };
  const data = join(folder, 'primary');
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'password', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync');
  const port = await freePort();
  settings(data, port);
  const primary = serverIn(data, port);
  await primary.start();

  return {
    primary,
    url: urlOf(port),
    async addStandby() {
      const standby = join(folder, 'standby');
      const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
      run('pg_basebackup', ...from, '-D', standby, '-R', '-X', 'stream', '-c', 'fast', '--no-sync');
      const itsPort = await freePort();
      settings(standby, itsPort);
      const made = serverIn(standby, itsPort);
      await made.start();
      // A commit waits until it is on the standby, as it does where nothing may be lost.
      await runSql(urlOf(port), `alter system set synchronous_standby_names = '*'`);
      await runSql(urlOf(port), 'select pg_reload_conf()');
      return made;
    },
    async close() {
      keeper.stdin.end();
      await new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const SETTINGS = {
  listen_addresses: `'127.0.0.1'`,
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: 100,
  wal_level: 'replica',
  hot_standby: 'on',
  max_wal_senders: 4,
  autovacuum: 'off',
} as const;

/** Waits for the end of standard input, then ends each server here as a crash would. */
const KEEPER = `trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/*/postmaster.pid; do
  [ -e "$file" ] || continue
  pid=$(head -n 1 "$file")
  for child in $(cat /proc/$pid/task/*/children) $pid; do kill -CONT $child; done
  kill -QUIT $pid
  while kill -0 $pid; do sleep 0.1; done
done`;

function childrenOf(parent: number): number[] {
  return readdirSync(`/proc/${parent}/task`).flatMap((task) =>
    readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number),
  );
}
