// `start`: runs the broker until it is told to stop.
import { Command } from 'commander';
import { systemClock } from 'mcpgate-shared/clock';
import { createBroker, type Broker } from '../broker.ts';
import { prepareDataDirectory } from '../config/data-directory.ts';
import { assertNotExposed, loadConfig, type Config, type ConfigFlags } from '../config/load-config.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { lockDataDirectory } from '../store/data-lock.ts';
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
      await runBroker(config, context);
    });
}

export interface StartHooks {
  /** It serves already, but has not said so. */
  beforeReady?: (broker: Broker) => Promise<void>;
  afterReady?: (broker: Broker) => void;
}

/** Resolves when the broker has drained and closed. */
export async function runBroker(config: Config, context: CommandContext, hooks: StartHooks = {}): Promise<void> {
  const { stdout } = context;
  const log = loggerOf(config, context);
  prepareDataDirectory(config.dataDir);
  const lock = lockDataDirectory(config.dataDir, context.pid);
  try {
    const stopped = stopSignal(context, log);
    const broker = await createBroker({
      config,
      log,
      clock: systemClock,
      pid: context.pid,
      isRoot: context.isRoot,
      path: context.env['PATH'] ?? '',
      lang: context.env['LANG'],
    });
    await hooks.beforeReady?.(broker);
    if (broker.setupUrl !== undefined) {
      stdout.write(`set-up link for the administrator (works once): ${broker.setupUrl}\n`);
    }
    stdout.write(`ready ${broker.url}\n`);
    log.info({ url: broker.url, data: config.dataDir }, 'serving');
    hooks.afterReady?.(broker);
    const signal = await stopped;
    log.info({ signal }, 'draining; a second signal ends at once');
    await broker.drain();
    await broker.close();
    log.info({}, 'stopped');
  } finally {
    lock.release();
  }
}

/** Ctrl-C reaches the process from the terminal and once more from npm: within this time it is one. */
const SAME_INTERRUPT_MS = 300;

/** Resolves at the first signal; the second one ends the process. */
async function stopSignal(context: CommandContext, log: Logger): Promise<string> {
  return await new Promise((resolve) => {
    let firstAt: number | undefined;
    context.onStopSignal((signal) => {
      if (firstAt === undefined) {
        firstAt = context.now();
        resolve(signal);
        return;
      }
      if (signal === 'SIGINT' && context.now() - firstAt < SAME_INTERRUPT_MS) return;
      log.warn({ signal }, 'ended before the drain was done');
      context.exit(signal === 'SIGINT' ? 130 : 143);
    });
  });
}

function loggerOf(config: Config, { stderr, env }: CommandContext): Logger {
  const onTerminal = stderr.isTTY === true;
  const pretty = config.log.format === 'pretty' || (config.log.format === 'auto' && onTerminal);
  return createLogger({
    level: config.log.level,
    format: pretty ? 'pretty' : 'json',
    colours: pretty && onTerminal && (env['NO_COLOR'] ?? '') === '',
    write: (line) => void stderr.write(line),
  });
}
