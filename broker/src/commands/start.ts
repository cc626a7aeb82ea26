// `start`: runs the broker until it is told to stop.
import { Command } from 'commander';
import { assertNotExposed, loadConfig, type ConfigFlags } from '../config/load-config.ts';
import type { CommandContext } from './context.ts';

export function startCommand(context: CommandContext): Command {
  return new Command('start')
    .description('run the broker')
    .option('--config <file>', 'YAML file (MCPGATE_CONFIG); docs/configuration.md has every key')
    .option('--data <dir>', 'folder of database, keys and socket (default: ./mcpgate-data)')
    .option('--listen <host:port>', 'address to serve on (default: 127.0.0.1:7717)')
    .option('--public-url <url>', 'origin under which people and laptops reach it')
    .option('--database-url <url>', 'PostgreSQL instead of the embedded SQLite file (DATABASE_URL)')
    .option('--tls-cert <file>', 'certificate chain, PEM')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--behind-proxy <cidr...>', 'addresses of the proxies that end TLS')
    .option('--log-level <level>', 'debug, info, warn or error (MCPGATE_LOG)')
    .action(async (flags: ConfigFlags) => {
      const config = loadConfig(flags, { env: context.env, cwd: context.cwd });
      assertNotExposed(config);
      // The other commands start without all that a broker is made of.
      const { runBroker } = await import('./run-broker.ts');
      await runBroker(config, context);
    });
}
