// Runs the broker from its first line to its last signal.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { createBroker, type Broker } from '../broker.ts';
import { prepareDataDirectory } from '../config/data-directory.ts';
import type { Config, ReloadedConfig } from '../config/load-config.ts';
import { createUnexpected } from '../domain/unexpected.ts';
import { openDoors, type Doors } from '../http/doors/doors.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { lockDataDirectory } from '../store/data-lock.ts';
import type { CommandContext } from './context.ts';
import { whenStoreAnswers } from './when-store-answers.ts';

export interface StartHooks {
  /** Reads the configuration again; left out: it is what it is. */
  readConfig?: (before: Config) => ReloadedConfig;
  /** Called when the broker serves, before it prints that it is ready. */
  beforeReady?: (broker: Broker) => Promise<void>;
  afterReady?: (broker: Broker) => Promise<void>;
}

/** Resolves when the broker has drained and closed. */
export async function runBroker(config: Config, context: CommandContext, hooks: StartHooks = {}): Promise<void> {
  const { stdout } = context;
  const log = loggerOf(config, context);
  // Files that the broker and its servers make are closed to other users, unless their mode is set.
  process.umask(0o077);
  const { behind_proxy: behindProxy, data: dataDir, listen, tls } = config;
  prepareDataDirectory(dataDir);
  const lock = lockDataDirectory(dataDir, context.pid);
  const unexpected = createUnexpected({ log, clock: systemClock });
  context.outlive(unexpected.note);
  let doors: Doors | undefined;
  try {
    const stopped = stopSignal(context, log);
    const serving: { broker?: Broker } = {};
    // Whose terminal was closed does not want to leave a broker behind; a service has none.
    context.onHangUp(() => (context.stdin.isTTY === true ? context.exit(129) : reload(serving.broker, log)));
    const opened = (doors = await openDoors({ listen, tls, behindProxy, dataDir, log, clock: systemClock }));
    const start = () =>
      createBroker({
        config,
        readConfig: hooks.readConfig ?? ((before) => ({ config: before, changed: [], needsRestart: [] })),
        doors: opened,
        unexpected,
        log,
        clock: systemClock,
        pid: context.pid,
        isRoot: context.isRoot,
        env: context.env,
        userHome: context.userHome,
      });
    const broker = await whenStoreAnswers(start, { log, waitsFor: opened.waitsFor, stopped, pause: delay });
    if (broker === undefined) {
      log.info({ signal: await stopped }, 'stopped, while it waited for its database');
      await doors.close();
      lock.release();
      // A try under way may still wait for a database that does not answer.
      context.exit(0);
      return;
    }
    serving.broker = broker;
    await hooks.beforeReady?.(broker);
    if (broker.setupUrl !== undefined) {
      stdout.write(`set-up link for the administrator (works once): ${broker.setupUrl}\n`);
    }
    stdout.write(`ready ${broker.url}\n`);
    log.info({ url: broker.url, data: dataDir }, 'serving');
    await hooks.afterReady?.(broker);
    const signal = await stopped;
    log.info({ signal }, 'draining; a second signal ends at once');
    await broker.drain();
    await broker.close();
    log.info({}, 'stopped');
  } finally {
    await doors?.close();
    lock.release();
  }
}

/** Before the broker serves there is nothing that a reload could change: it reads everything anyway. */
function reload(broker: Broker | undefined, log: Logger): void {
  broker?.reload({ name: 'host:signal', address: null }).catch((error: unknown) => {
    // A mistake in the configuration is told already.
    if (!(error instanceof GateError)) log.error({ err: error }, 'the configuration could not be reloaded');
  });
}

/** One Ctrl-C can reach the process twice, from the terminal and from npm; a second signal within this time is the same one. */
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
