// Turns the failure of a command into lines on stderr and an exit code.
import { EXIT_CODE, toGateError } from 'mcpgate-shared/error';
import type { CommandContext } from './context.ts';

/** Writes the error's message to stderr, with `MCPGATE_LOG=debug` its stack too, and returns the exit code. */
export function reportFailure(error: unknown, context: Pick<CommandContext, 'stderr' | 'env'>): number {
  const failure = toGateError(error);
  for (const line of failure.message.split('\n')) context.stderr.write(`mcpgate-broker: ${line}\n`);
  if (context.env['MCPGATE_LOG'] === 'debug' && error instanceof Error) context.stderr.write(`${error.stack ?? ''}\n`);
  return EXIT_CODE[failure.code];
}
