// `migrate`: brings the tables up to this version where no broker runs, as the start of a broker does; `--plan` says what that would be.
import { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import type { MigrateOptions } from './run-migrate.ts';

export function migrateCommand(context: CommandContext): Command {
  return new Command('migrate')
    .description('bring the database up to this version, as the next start does')
    .option('--plan', 'say what would be done, and do nothing; brokers may run')
    .option('--config <file>', 'YAML file of the broker (MCPGATE_CONFIG)')
    .option('--data <dir>', 'folder of database and keys')
    .option('--database-url <url>', 'PostgreSQL instead of the SQLite file')
    .option('--json', 'print one JSON document')
    .action(async (options: MigrateOptions) => {
      // Imported on demand, so that other commands start without loading the engines.
      const { runMigrate } = await import('./run-migrate.ts');
      await runMigrate(context, options);
    });
}
