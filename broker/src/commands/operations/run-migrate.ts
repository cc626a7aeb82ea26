// Carries out `migrate`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { loadConfig } from '../../config/load-config.ts';
import { createLogger } from '../../log/logger.ts';
import { assertUnused } from '../../store/backup/restore-database.ts';
import { lockDataDirectory } from '../../store/data-lock.ts';
import { migrate } from '../../store/migrations/migrate.ts';
import { planMigrations, type MigrationPlan } from '../../store/backup/plan-migrations.ts';
import { openPostgres } from '../../store/postgres/open-postgres.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import type { CommandContext } from '../context.ts';
import { withProgress } from '../terminal/progress.ts';

export interface MigrateOptions {
  plan?: true;
  config?: string;
  data?: string;
  databaseUrl?: string;
  json?: true;
}

export async function runMigrate(context: CommandContext, options: MigrateOptions): Promise<void> {
  const { plan: isPlan = false, json = false, ...flags } = options;
  const { data, database_url: url } = loadConfig(flags, { env: context.env, cwd: context.cwd });
  if (url === undefined && !existsSync(join(data, 'mcpgate.db')))
    throw new GateError('not_found', `there is no database in ${data}: the first start of a broker makes it`);
  // Without changes a broker may run; with them no other one may.
  const lock = isPlan ? undefined : lockDataDirectory(data, context.pid);
  try {
    if (!isPlan && url !== undefined) await assertUnused(url);
    const write = (line: string) => void context.stderr.write(line);
    const log = createLogger({ level: 'warn', format: 'pretty', write });
    const self = { name: 'migrate', location: 'migrate' };
    const engine = url === undefined ? openSqlite(data) : openPostgres(url, { log, clock: systemClock, self });
    try {
      const plan = await planMigrations(engine);
      const done = isPlan ? [] : await withProgress(context, 'Migrating', () => migrate(engine));
      const document = { ...plan, done };
      const text = isPlan ? planText(plan) : doneText(done);
      context.stdout.write(`${json ? JSON.stringify(document, null, 2) : text}\n`);
    } finally {
      await engine.close();
    }
  } finally {
    lock?.release();
  }
}

function planText({ missing, unknown, rows }: MigrationPlan): string {
  if (unknown.length > 0)
    return `the database is of a newer version (it has ${unknown.at(-1) ?? ''}): this one does not start on it`;
  if (missing.length === 0) return 'nothing to do: brokers of this version may start beside those that run';
  return [
    ...missing.map((name) => {
      const count = rows[name];
      return count === undefined ? `${name}   at once` : `${name}   writes ${count} rows anew, which takes time`;
    }),
    'back up, stop every broker of the version before, then start this one, or `migrate`',
  ].join('\n');
}

const doneText = (done: readonly string[]): string =>
  done.length === 0 ? 'nothing was to be done' : `done: ${done.join(', ')}`;
