// `start`: runs the broker until it is told to stop.
import { Command } from 'commander';
import { CONFIG_KEYS, type ConfigKey } from '../config/key-list.ts';
import { assertNotExposed, loadConfig, reloadConfig, type Config, type ConfigFlags } from '../config/load-config.ts';
import type { CommandContext } from './context.ts';

export function startCommand(context: CommandContext): Command {
  const command = new Command('start')
    .description('run the broker')
    .option('--config <file>', 'YAML file (MCPGATE_CONFIG); docs/configuration.md has every key');
  for (const key of CONFIG_KEYS)
    if (key.flag !== undefined) command.option(key.flag.syntax, helpOf(key.flag.help, key));
  return command.action(async (flags: ConfigFlags) => {
    const config = loadConfig(flags, { env: context.env, cwd: context.cwd });
    assertNotExposed(config);
    // Imported on demand, so that other commands start without loading the broker.
    const { runBroker } = await import('./run-broker.ts');
    const readConfig = (before: Config) => reloadConfig(before, flags, { env: context.env, cwd: context.cwd });
    await runBroker(config, context, { readConfig });
  });
}

/**
 * The help of a flag with the key's default (where it is a text) and variable: `address to serve on (default: 127.0.0.1:7717;
 * MCPGATE_LISTEN)`.
 */
function helpOf(text: string, key: ConfigKey): string {
  const besides = [
    ...(typeof key.default === 'string' ? [`default: ${key.default}`] : []),
    ...(key.env === undefined ? [] : [key.env]),
  ];
  return besides.length === 0 ? text : `${text} (${besides.join('; ')})`;
}
