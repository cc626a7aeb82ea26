// Runs commands of `mcpgate-broker` in the test's own process, because starting a process for each takes longer than all the rest of a test.
// That real processes do the same is tested by test/scenarios/command-line.test.ts and others, which run them as users do.
import { Readable, Writable } from 'node:stream';
import type { Finished } from './command.ts';
import type { TypedAnswers } from './clients/typed-answers.ts';

export interface CommandOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin?: string | undefined;
  /** A person at a terminal, in place of `stdin`. */
  terminal?: TypedAnswers | undefined;
}

/** Runs `mcpgate-broker ARGS`, any but `start`, to its end. */
export async function runBrokerProgram(args: readonly string[], options: CommandOptions): Promise<Finished> {
  const [{ processContext }, { runProgram }] = await Promise.all([
    import('../../broker/src/commands/process-context.ts'),
    import('../../broker/src/commands/program.ts'),
  ]);
  const [stdout, stderr] = [collect(), collect()];
  const code = await runProgram(args, {
    ...processContext(options.env),
    cwd: options.cwd,
    stdin: options.terminal?.stdin ?? Readable.from([options.stdin ?? '']),
    stdout: stdout.stream,
    stderr: options.terminal?.stderr ?? stderr.stream,
  });
  return { code, stdout: stdout.text(), stderr: options.terminal?.shown() ?? stderr.text() };
}

function collect(): { stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
