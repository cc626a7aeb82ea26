// The platform team's side of a world: a broker process and its administration commands.
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../step.ts';
import { runBrokerProgram } from './broker-command.ts';
import { freePort } from './network/free-port.ts';
import { runCommand, startCommand, type Finished, type Running } from './command.ts';

export interface Broker {
  /** Where it listens, such as `http://127.0.0.1:40123`; the same after a restart. People use the network's URL. */
  readonly listenUrl: string;
  readonly dataDir: string;
  readonly pid: number;
  /** The one-time link of the first start. */
  readonly setupUrl: string;
  /** Everything that the broker has printed, over all its starts. */
  output(): string;
  /** Runs `mcpgate-broker ARGS` as a process. */
  cli(args: readonly string[], options?: { stdin?: string }): Promise<Finished>;
  /** Runs `mcpgate-broker ARGS` in the test's process; it must exit with 0. Returns what it printed. */
  run(args: readonly string[], options?: { stdin?: string }): Promise<string>;
  /** As `run`, with `--json`; returns the parsed document. */
  json(args: readonly string[], options?: { stdin?: string }): Promise<unknown>;
  /**
   * Sends the signal. Resolves with the exit code, or the signal that ended the broker: SIGKILL where it has not ended after `graceMs` (10 s
   * unless given).
   */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<number | string>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
}

export const BROKER = join(REPOSITORY, 'broker/bin/mcpgate-broker.cjs');

export async function startBroker(options: {
  root: string;
  /** A folder of `root` unless said. */
  dataDir?: string;
  args?: readonly string[];
  /** A free port of 127.0.0.1 unless given. */
  listen?: string;
  env?: Record<string, string>;
  /** `start` waits for this output; for `ready` unless given. */
  until?: RegExp;
}): Promise<Broker> {
  const dataDir = options.dataDir ?? join(options.root, 'data');
  const env: Record<string, string> = {
    HOME: options.root,
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    ...options.env,
  };
  const past: string[] = [];
  let running: Running;
  const listen = options.listen ?? `127.0.0.1:${await freePort()}`;
  const launch = async () => {
    const command = [
      process.execPath,
      BROKER,
      'start',
      '--data',
      dataDir,
      '--listen',
      listen,
      ...(options.args ?? []),
    ] as const;
    running = startCommand(command, { env, cwd: options.root });
    await running.line(options.until ?? /^ready https?:/);
  };
  await launch();
  const cli: Broker['cli'] = (args, { stdin } = {}) =>
    runCommand([process.execPath, BROKER, ...args, '--data', dataDir], {
      env,
      cwd: options.root,
      ...(stdin !== undefined && { stdin }),
    });
  const run: Broker['run'] = async (args, { stdin } = {}) => {
    const { code, stdout, stderr } = await runBrokerProgram([...args, '--data', dataDir], {
      env,
      cwd: options.root,
      stdin,
    });
    if (code !== 0) throw new Error(`mcpgate-broker ${args.join(' ')} exited ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  };
  const output = () => [...past, running.output()].join('\n');
  return {
    listenUrl: `http://${listen}`,
    get pid() {
      return running.pid;
    },
    get setupUrl() {
      return /https?:\/\/\S+\/setup\S*/.exec(output())?.[0] ?? '';
    },
    dataDir,
    output,
    cli,
    run,
    json: async (args, more) => JSON.parse(await run([...args, '--json'], more)) as unknown,
    stop: (signal, graceMs) => running.stop(signal, graceMs),
    async start() {
      past.push(running.output());
      await launch();
    },
  };
}
