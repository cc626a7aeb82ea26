// Runs commands of `mcpgate` in the test's own process: a login alone takes a second of processor time to start, and most tests have several.
// That real processes do the same is tested by `cli/src/commands/login.test.ts` and others, which run them as users do.
import { Readable, Writable } from 'node:stream';
import { linesEndedBy, type Finished } from './command.ts';

export interface GateCommandOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Called with each line of stdout. What it throws, or rejects with, interrupts the command, and is thrown. */
  onLine: (line: string) => unknown;
}

/** Runs `mcpgate ARGS`, any but `serve` and `daemon run`, to its end. */
export async function runGateProgram(args: readonly string[], options: GateCommandOptions): Promise<Finished> {
  const [{ createContext }, { runCli }] = await Promise.all([
    import('../../cli/src/context.ts'),
    import('../../cli/src/commands/run-cli.ts'),
  ]);
  const interrupt = new AbortController();
  let failed: { error: unknown } | undefined;
  const heard: Promise<void>[] = [];
  const hear = async (line: string): Promise<void> => {
    try {
      await options.onLine(line);
    } catch (error) {
      failed ??= { error };
      interrupt.abort();
    }
  };
  let [stdout, stderr] = ['', ''];
  const opened = createContext(
    {
      env: options.env,
      platform: process.platform,
      execPath: process.execPath,
      cwd: () => options.cwd,
      stdin: Readable.from([]),
      stdout: writable((text) => {
        heard.push(...linesEndedBy(text, stdout).map(hear));
        stdout += text;
      }),
      stderr: writable((text) => (stderr += text)),
    },
    interrupt.signal,
  );
  const code = await runCli(args, opened);
  await opened.close();
  await Promise.all(heard);
  if (failed !== undefined) throw failed.error;
  return { code, stdout, stderr };
}

const writable = (take: (text: string) => unknown): Writable =>
  new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      take(chunk.toString());
      done();
    },
  });
