// A database that a broker of an earlier day has left, in a folder or on a server of the test's own.
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runSql } from '../postgres.ts';

export type EngineKind = 'sqlite' | 'postgres';

const fileOf = (day: string, name: string): string => join(import.meta.dirname, day, name);

/** Puts it there, with its master key in `dataDir`. `databaseUrl`: of an empty database, for PostgreSQL. */
export async function putFormerDatabase(day: string, dataDir: string, databaseUrl?: string): Promise<void> {
  const kind: EngineKind = databaseUrl === undefined ? 'sqlite' : 'postgres';
  const key = join(dataDir, 'master.key');
  copyFileSync(fileOf(day, `${kind}.master.key`), key);
  chmodSync(key, 0o600);
  if (databaseUrl === undefined) {
    writeFileSync(join(dataDir, 'mcpgate.db'), gunzipSync(readFileSync(fileOf(day, 'mcpgate.db.gz'))), { mode: 0o600 });
    return;
  }
  const dump = gunzipSync(readFileSync(fileOf(day, 'postgres.sql.gz'))).toString('utf8');
  // The commands of psql in it are none of SQL.
  await runSql(databaseUrl, dump.replaceAll(/^\\.*$/gm, ''));
}

/** What its broker said of it. */
export function formerAnswer(day: string, kind: EngineKind, name: 'calls' | 'events'): unknown {
  return JSON.parse(readFileSync(fileOf(day, `${kind}-${name}.json`), 'utf8'));
}
