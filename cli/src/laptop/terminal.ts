// The output of commands: data on stdout, messages for the person on stderr, colours only on a terminal and if wanted, progress only on a terminal.
import { Chalk, type ChalkInstance } from 'chalk';
import type { Environment } from './settings-file.ts';

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Progress {
  update(text: string): void;
  /** Writes a line to stderr that stays, above what is shown. */
  note(line: string): void;
  stop(): void;
}

export interface Terminal {
  /** Colours for stdout. */
  readonly colour: ChalkInstance;
  /** Colours for stderr. */
  readonly noteColour: ChalkInstance;
  /** Whether stderr is a terminal. */
  readonly attended: boolean;
  /** The width of stdout; undefined where it is no terminal. */
  readonly columns: number | undefined;
  /** Writes a line of data to stdout. */
  print(line: string): void;
  /** Writes a message for the person to stderr. */
  note(line: string): void;
  warn(line: string): void;
  /** Writes a line to stderr if MCPGATE_LOG is `debug`. */
  debug(this: void, line: string): void;
  /** Shows a spinner with a text. Does nothing where stderr is no terminal. */
  progress(text: string): Promise<Progress>;
}

export interface TerminalOptions {
  stdout: Output;
  stderr: Output;
  env: Environment;
  /** Completes the commands that messages name. */
  words?: (text: string) => string;
}

export function createTerminal({ stdout, stderr, env, words = (text) => text }: TerminalOptions): Terminal {
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const colours = (output: Output): ChalkInstance => new Chalk({ level: output.isTTY === true && !plain ? 1 : 0 });
  const noteColour = colours(stderr);
  return {
    colour: colours(stdout),
    noteColour,
    attended: stderr.isTTY === true,
    // A terminal without a size (of a serial line, of some tools) says 0.
    columns: stdout.isTTY === true ? stdout.columns || 80 : undefined,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${words(line)}\n`),
    warn: (line) => void stderr.write(`${noteColour.yellow('warning:')} ${words(line)}\n`),
    debug(line) {
      if (env['MCPGATE_LOG'] === 'debug') stderr.write(`debug: ${line}\n`);
    },
    async progress(text) {
      // On a terminal without a width, lines cannot be redrawn.
      if (stderr.isTTY !== true || !stderr.columns)
        return {
          update: () => undefined,
          note: (line) => void stderr.write(`${line}\n`),
          stop: () => undefined,
        };
      const { default: ora } = await import('ora');
      // `discardStdin` is off because ora would swallow Ctrl-C with it. ora writes to stderr by default.
      const spinner = ora({ text, discardStdin: false, ...(plain ? { color: false } : {}) }).start();
      return {
        update: (next) => (spinner.text = next),
        note(line) {
          spinner.clear();
          stderr.write(`${line}\n`);
        },
        stop: () => void spinner.stop(),
      };
    },
  };
}
