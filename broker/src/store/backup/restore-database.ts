// Restores a backup, whichever engine it came from and goes to: checks that this version can, and that nothing is lost by it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import { compareMigrations, newestMigration } from '../migrations/migrate.ts';
import { namedUrl } from '../postgres/named-url.ts';
import { explainPostgresError } from '../postgres/postgres-error.ts';
import type { CheckedBackup } from './read-backup.ts';
import type { Restore, Restored } from './restore.ts';
import { assertNoBroker, holdPostgres } from './restore-postgres.ts';
import { restoreSqlite } from './restore-sqlite.ts';

export interface RestorePlace {
  dataDir: string;
  databaseUrl: string | undefined;
}

/** Throws `config` where a newer version has made the tables of the backup. */
export function assertKnown({ file, header }: CheckedBackup): void {
  const { unknown } = compareMigrations(header.engine, header.migrations);
  if (unknown.length === 0) return;
  const newest = newestMigration(header.engine);
  const text = `${file} is of mcpgate-broker ${header.version}, which is newer (it has ${unknown.at(-1) ?? ''}, this version knows up to ${newest}): restore it with that version or a newer one`;
  throw new GateError('config', text);
}

/** Where a restore goes, held until `release`. */
export interface HeldPlace {
  /** Whether there is a database already. */
  readonly isOccupied: boolean;
  restore(restore: Restore, parts: { log: Logger; clock: Clock }): Promise<Restored>;
  release(): Promise<void>;
}

/** Throws `conflict` where a broker uses the PostgreSQL database, or another restore into it is under way. The caller holds the lock of the folder. */
export async function holdPlace({ dataDir, databaseUrl }: RestorePlace): Promise<HeldPlace> {
  if (databaseUrl === undefined)
    return {
      isOccupied: existsSync(join(dataDir, 'mcpgate.db')),
      restore: (restore) => restoreSqlite(dataDir, restore),
      release: () => Promise.resolve(),
    };
  const held = await explained(holdPostgres(databaseUrl));
  return { ...held, restore: (restore, parts) => explained(held.restore(restore, parts)) };
}

/** Throws `conflict` where a broker is connected to the database. */
export async function assertUnused(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: namedUrl(url, 'mcpgate restore') });
  client.on('error', () => undefined);
  try {
    await explained(client.connect().then(() => assertNoBroker(client)));
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explainPostgresError('of the restore', error);
  }
}
