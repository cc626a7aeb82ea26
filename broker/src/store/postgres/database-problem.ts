// Whether a database can be reached and used, for whoever only asks.
import pg from 'pg';
import { explainPostgresError } from './postgres-error.ts';

/** What is wrong, in one line; undefined where nothing is. */
export async function databaseProblem(url: string): Promise<string | undefined> {
  try {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return undefined;
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    return `database_url: ${explainPostgresError('of the configuration', error).message}`;
  }
}
