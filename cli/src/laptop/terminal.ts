// How commands speak: data on stdout, words on stderr, colour only where a person looks and wants it, progress only on a terminal.
import { Chalk, type ChalkInstance } from 'chalk';
import type { Environment } from './settings-file.ts';

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Progress {
  update(text: string): void;
  stop(): void;
}

export interface Terminal {
  /** Colours for stdout. */
  readonly colour: ChalkInstance;
  /** Colours for stderr. */
  readonly noteColour: ChalkInstance;
  /** Whether a person sees stderr. */
  readonly attended: boolean;
  /** Width of stdout; undefined where it is no terminal. */
  readonly columns: number | undefined;
  /** A line of data. */
  print(line: string): void;
  /** A line for the person. */
  note(line: string): void;
  warn(line: string): void;
  /** Only with MCPGATE_LOG=debug. */
  debug(this: void, line: string): void;
  /** Shows that something is under way. Silent where stderr is no terminal. */
  progress(text: string): Promise<Progress>;
}

export function createTerminal(options: { stdout: Output; stderr: Output; env: Environment }): Terminal {
  const { stdout, stderr, env } = options;
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const colours = (output: Output): ChalkInstance => new Chalk({ level: output.isTTY === true && !plain ? 1 : 0 });
  const noteColour = colours(stderr);
  return {
    colour: colours(stdout),
    noteColour,
    attended: stderr.isTTY === true,
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    warn: (line) => void stderr.write(`${noteColour.yellow('warning:')} ${line}\n`),
    debug(line) {
      if (env['MCPGATE_LOG'] === 'debug') stderr.write(`debug: ${line}\n`);
    },
    async progress(text) {
      // A terminal without a width cannot be redrawn.
      if (stderr.isTTY !== true || !stderr.columns) return { update: () => undefined, stop: () => undefined };
      const { default: ora } = await import('ora');
      // stdin stays as it is: ora would swallow Ctrl-C with it. It writes to stderr of its own accord.
      const spinner = ora({ text, discardStdin: false, ...(plain ? { color: false } : {}) }).start();
      return {
        update: (next) => (spinner.text = next),
        stop: () => void spinner.stop(),
      };
    },
  };
}
