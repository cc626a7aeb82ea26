// Runs one command line and returns its exit code. A failure is printed here as one line on stderr, without a stack trace.
import { CommanderError } from 'commander';
import { EXIT_CODE, toGateError } from 'mcpgate-shared/error';
import { withoutHelpOfUnknown } from 'mcpgate-shared/unknown-command';
import type { OpenedContext } from '../context.ts';
import { createProgram } from './create-program.ts';

/** `args`: the words of the command line, without node and script. */
export async function runCli(args: readonly string[], { context, exitCode }: OpenedContext): Promise<number> {
  const program = createProgram(context);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...withoutHelpOfUnknown(program, args)], { from: 'user' });
    return exitCode();
  } catch (error) {
    // commander has printed the message already. Help and version also end here, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODE.usage;
    const failure = toGateError(error);
    context.terminal.note(`mcpgate: ${failure.message}`);
    if (failure.code === 'internal' && context.env['MCPGATE_LOG'] === 'debug' && failure.stack !== undefined) {
      context.terminal.note(failure.stack);
    }
    return EXIT_CODE[failure.code];
  }
}
