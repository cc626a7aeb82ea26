// `restore FILE`: makes a database of a backup, where no broker runs.
import { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import type { RestoreOptions } from './run-restore.ts';

export function restoreCommand(context: CommandContext): Command {
  const command = new Command('restore')
    .description('make the database of a backup, where no broker runs')
    .argument('<file>')
    .option('--config <file>', 'YAML file of the broker (MCPGATE_CONFIG)')
    .option('--data <dir>', 'folder of database and keys')
    .option('--database-url <url>', 'PostgreSQL instead of the SQLite file; a backup of either engine fits')
    .option('--replace', 'put it in the place of a database that is there, which is kept aside')
    .option('--keep-sessions', 'people stay logged in: also those whose sessions were ended after the backup')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document');
  return command.action(async (file: string, options: RestoreOptions) => {
    // Imported on demand, so that other commands start without loading the engines.
    const { runRestore } = await import('./run-restore.ts');
    await runRestore(context, file, options);
  });
}
