// Restores a backup, whichever engine it came from and goes to: checks that this version can, and that nothing is lost by it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import { compareMigrations, newestMigration } from '../migrations/migrate.ts';
import { explainPostgresError } from '../postgres/postgres-error.ts';
import type { CheckedBackup } from './read-backup.ts';
import type { Restore, Restored } from './restore.ts';
import { assertNoBroker, restorePostgres } from './restore-postgres.ts';
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

/** Whether there is a database already. Throws `conflict` where a broker is connected to it. */
export async function isOccupied({ dataDir, databaseUrl }: RestorePlace): Promise<boolean> {
  if (databaseUrl === undefined) return existsSync(join(dataDir, 'mcpgate.db'));
  return await withClient(databaseUrl, async (client) => {
    await assertNoBroker(client);
    const { rows } = await client.query(
      `select 1 from information_schema.tables where table_schema = current_schema() limit 1`,
    );
    return rows.length > 0;
  });
}

export async function restoreDatabase(
  { dataDir, databaseUrl }: RestorePlace,
  restore: Restore,
  parts: { log: Logger; clock: Clock },
): Promise<Restored> {
  if (databaseUrl === undefined) return await restoreSqlite(dataDir, restore);
  try {
    return await restorePostgres(databaseUrl, restore, parts);
  } catch (error) {
    throw explainPostgresError('of the restore', error);
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'mcpgate restore' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw explainPostgresError('of the restore', error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
