// `mcpgate daemon stop|restart|logs`. bin/mcpgate.cjs handles `daemon run` itself; here it is only defined for the help.
import { createReadStream, readFileSync, statSync, watch } from 'node:fs';
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import type { CliContext } from '../context.ts';
import type { DaemonConnection } from '../local/daemon-connection.ts';

const STOP_TIMEOUT_MS = 30_000;
const TAIL_BYTES = 64 * 1024;

export function addDaemon(program: Command, context: CliContext): void {
  const daemon = program.command('daemon').description('the local daemon by hand; AI clients start it by themselves');
  daemon.command('run').description('run it in the foreground');
  daemon
    .command('stop')
    .description('end it once calls under way are done')
    .action(() => runStop(context));
  daemon
    .command('restart')
    .description('end it and start a new one')
    .action(() => runRestart(context));
  daemon
    .command('logs')
    .description('print its log')
    .option('-f, --follow', 'go on with what it writes, until Ctrl-C')
    .action((flags: { follow?: true }) => runLogs(flags.follow === true, context));
}

async function runStop(context: CliContext): Promise<void> {
  const stopped = await stopDaemon(context);
  context.terminal.note(stopped ? 'The daemon has ended.' : 'The daemon is not running.');
}

export async function runRestart(context: CliContext): Promise<void> {
  await stopDaemon(context);
  const connection = await context.connectDaemon({ spawn: true });
  try {
    const { pid, version } = await connection.status();
    context.terminal.note(`The daemon runs: pid ${pid}, version ${version}.`);
  } finally {
    connection.close();
  }
}

async function connectIfRunning(context: CliContext): Promise<DaemonConnection | undefined> {
  try {
    return await context.connectDaemon({ spawn: false });
  } catch (error) {
    if (error instanceof GateError && error.code === 'unreachable') return undefined;
    throw error;
  }
}

/** Stops the daemon and waits until its process has ended, so that a new one does not find it. False: none was running. */
export async function stopDaemon(context: CliContext): Promise<boolean> {
  const connection = await connectIfRunning(context);
  if (connection === undefined) return false;
  try {
    const { pid } = await connection.status();
    await connection.stop();
    const deadline = context.now() + STOP_TIMEOUT_MS;
    while (isAlive(pid)) {
      if (context.interrupted.aborted) throw new GateError('cancelled', 'interrupted');
      if (context.now() > deadline) {
        throw new GateError('timeout', `the daemon (pid ${pid}) is still finishing calls; it ends when they are done`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return true;
  } finally {
    connection.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  // A zombie process still accepts signals, and in a container there may be no init process that collects it.
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return process.platform !== 'linux';
  }
}

/** Prints the last part of the log and, with `follow`, everything that is added to it. */
async function runLogs(follow: boolean, context: CliContext): Promise<void> {
  const { daemonLogPath } = context.paths;
  const size = sizeOf(daemonLogPath);
  if (size === undefined && !follow) {
    throw new GateError('not_found', `there is no log yet (${daemonLogPath}): no daemon has run`);
  }
  let from = await copy(daemonLogPath, Math.max(0, (size ?? 0) - TAIL_BYTES), context.stdout);
  if (!follow) return;
  let copying = Promise.resolve();
  const more = async (): Promise<void> => {
    const now = sizeOf(daemonLogPath) ?? 0;
    // A new daemon moves a long log aside and begins a new one.
    from = await copy(daemonLogPath, now < from ? 0 : from, context.stdout);
  };
  const watcher = watch(context.paths.profileDir, (_event, name) => {
    if (name === null || daemonLogPath.endsWith(name)) copying = copying.then(more, more);
  });
  await new Promise<void>((resolve) => {
    if (context.interrupted.aborted) resolve();
    context.interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  watcher.close();
  await copying;
  throw new GateError('cancelled', 'interrupted');
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Copies a file from `start` to its end; returns where the end was. */
async function copy(path: string, start: number, to: NodeJS.WritableStream): Promise<number> {
  if (sizeOf(path) === undefined) return 0;
  let at = start;
  for await (const chunk of createReadStream(path, { start })) {
    if (!Buffer.isBuffer(chunk)) continue;
    at += chunk.length;
    if (!to.write(chunk)) await new Promise<void>((resolve) => to.once('drain', () => resolve()));
  }
  return at;
}
