// What tests of backups share.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { runSql } from '../postgres.ts';
import type { Broker } from './broker.ts';
import type { IssuedGrant } from './people/issued-grant.ts';

/** What `backup --json` prints. */
export interface Made {
  file: string;
  sha256: string;
  bytes: number;
  tables: Record<string, number>;
}

/** The token of a grant for `counting`. */
export const grantOf = async (broker: Broker, label: string): Promise<string> =>
  ((await broker.json(['grant', 'issue', '--label', label, '--server', 'counting'])) as IssuedGrant).token;

export const FAT_ROWS = 4_000;

/** Some MB that do not compress, so that there is a middle to be ended in. */
export async function fatten(broker: Broker, databaseUrl?: string): Promise<void> {
  const columns = 'insert into departures (broker, ends_json, is_complete, expires_at)';
  if (databaseUrl !== undefined) {
    const random = `(select string_agg(md5(random()::text || i || j), '') from generate_series(1, 60) j)`;
    await runSql(databaseUrl, `${columns} select 'b' || i, ${random}, 1, 9e15 from generate_series(1, ${FAT_ROWS}) i`);
    return;
  }
  const database = new DatabaseSync(join(broker.dataDir, 'mcpgate.db'), { timeout: 10_000 });
  database.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${FAT_ROWS})
    ${columns} select 'b' || i, hex(randomblob(1000)), 1, 9000000000000000 from n`);
  database.close();
}
