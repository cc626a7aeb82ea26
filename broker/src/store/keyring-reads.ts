// The keys of a database, for whoever only asks: nothing is made, and nothing is brought up to this version.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { systemClock } from 'mcpgate-shared/clock';
import type { Keyring } from './keyring.ts';
import { openPostgresReads } from './postgres/open-postgres.ts';
import { createKeyring } from './repositories/keyring.ts';
import type { Database } from './schema.ts';
import { openSqliteReads } from './sqlite/open-sqlite.ts';

/** Undefined where there is no database yet, or none that has keys in this form. Throws `unavailable` where it cannot be read. */
export async function readKeyring(place: {
  dataDir: string;
  databaseUrl: string | undefined;
}): Promise<Awaited<ReturnType<Keyring['read']>> | undefined> {
  const file = join(place.dataDir, 'mcpgate.db');
  if (place.databaseUrl === undefined && !existsSync(file)) return undefined;
  const { dialect, close } =
    place.databaseUrl === undefined ? openSqliteReads(file) : openPostgresReads(place.databaseUrl);
  try {
    const db = new Kysely<Database>({ dialect });
    const tables = await db.introspection.getTables();
    if (!tables.some(({ name }) => name === 'wrapped_keys')) return undefined;
    return await createKeyring(db, systemClock, () => Promise.resolve()).read();
  } finally {
    await close();
  }
}
