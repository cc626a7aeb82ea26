// Restores a backup into the SQLite file of a data folder. It is made whole beside the one in use, and takes its place by one rename: whenever the
// process is ended, the folder has the one or the other. The caller holds the lock of the folder.
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GateError } from 'mcpgate-shared/error';
import { migrate } from '../migrations/migrate.ts';
import { openSqlite } from '../sqlite/open-sqlite.ts';
import { ALWAYS, END_SESSIONS, takenBackIn } from './after-restore.ts';
import { loadRows, type RowTarget } from './load-rows.ts';
import { backupParts } from './read-backup.ts';
import type { Restore, Restored } from './restore.ts';
import { quoted, readTableShapes } from './table-shapes.ts';

const FILE = 'mcpgate.db';

export async function restoreSqlite(dataDir: string, restore: Restore): Promise<Restored> {
  const file = join(dataDir, FILE);
  const staging = join(dataDir, 'restoring');
  // What a restore left that was ended.
  rmSync(staging, { recursive: true, force: true });
  const isReplaced = existsSync(file);
  try {
    const isTakenOver = await build(staging, restore, isReplaced ? file : undefined);
    const keptAt = isReplaced ? keepAside(dataDir, restore.now) : undefined;
    renameSync(join(staging, FILE), file);
    syncFolder(dataDir);
    return { keptAt, isTakenOver };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function build(folder: string, restore: Restore, replaced: string | undefined): Promise<boolean> {
  const { backup, endSessions, now } = restore;
  const file = join(folder, FILE);
  await migrated(folder, backup.header.migrations);

  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  try {
    // Nobody uses it before it is whole: it is synchronized at the end, once.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    await loadRows(backup, backupParts(backup), await targetOf(database), restore.onRows);
    const [orphan] = database.prepare('PRAGMA foreign_key_check').all();
    if (orphan !== undefined)
      throw new GateError(
        'config',
        `the backup does not fit itself: a row of ${String(orphan['table'])} refers to none`,
      );
  } finally {
    database.close();
  }

  await migrated(folder);
  const finished = new DatabaseSync(file);
  let isTakenOver = true;
  try {
    for (const statement of [...ALWAYS, ...(endSessions ? END_SESSIONS : [])]) finished.exec(statement);
    if (replaced !== undefined) isTakenOver = takeBack(finished, replaced, now);
    finished
      .prepare('insert or replace into settings (name, value) values (?, ?)')
      .run(restore.note.name, restore.note.value);
    finished.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  } finally {
    finished.close();
  }
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  return isTakenOver;
}

async function migrated(folder: string, only?: readonly string[]): Promise<void> {
  const engine = openSqlite(folder);
  try {
    await migrate(engine, only);
  } finally {
    await engine.close();
  }
}

async function targetOf(database: DatabaseSync): Promise<RowTarget> {
  const shapes = await readTableShapes('sqlite', (statement) => Promise.resolve(database.prepare(statement).all()));
  const count = ({ name }: { name: string }): number =>
    Number(database.prepare(`select count(*) as n from ${quoted(name)}`).get()?.['n']);
  return {
    shapes,
    count: (table) => Promise.resolve(count(table)),
    async empty(tables) {
      for (const table of tables) {
        const { name } = table;
        if (count(table) !== 0) database.exec(`delete from ${quoted(name)}`);
      }
      await Promise.resolve();
    },
    async insert({ name, columns }, rows) {
      const list = columns.map((column) => quoted(column.name)).join(', ');
      const statement = database.prepare(
        `insert into ${quoted(name)} (${list}) values (${columns.map(() => '?').join(', ')})`,
      );
      database.exec('BEGIN');
      for (const row of rows) statement.run(...(row as (string | number | null | Uint8Array)[]));
      database.exec('COMMIT');
      await Promise.resolve();
    },
  };
}

/** Returns whether it was: of a database that cannot be read any more nothing can be taken over. */
function takeBack(database: DatabaseSync, replaced: string, now: number): boolean {
  try {
    database.exec(`attach '${replaced.replaceAll("'", "''")}' as before`);
    for (const statement of takenBackIn('before', now)) database.exec(statement);
    database.exec('detach before');
    return true;
  } catch {
    return false;
  }
}

function keepAside(dataDir: string, now: number): string {
  const folder = join(dataDir, `before-restore-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`);
  mkdirSync(folder, { mode: 0o700 });
  // What stands in the journal belongs to it; one that cannot be read keeps its journal beside it.
  try {
    const database = new DatabaseSync(join(dataDir, FILE));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
    database.close();
  } catch {
    for (const end of ['-wal', '-shm'])
      if (existsSync(join(dataDir, FILE + end))) renameSync(join(dataDir, FILE + end), join(folder, FILE + end));
  }
  linkSync(join(dataDir, FILE), join(folder, FILE));
  syncFolder(folder);
  return join(folder, FILE);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
