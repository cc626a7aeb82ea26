// The one place where a failure becomes a line and an exit code.
import { EXIT_CODE, toGateError } from 'mcpgate-shared/error';
import type { CommandContext } from './context.ts';

/** Says what is wrong on stderr; returns the exit code. The stack is shown with `MCPGATE_LOG=debug` only. */
export function reportFailure(error: unknown, context: Pick<CommandContext, 'stderr' | 'env'>): number {
  const failure = toGateError(error);
  for (const line of failure.message.split('\n')) context.stderr.write(`mcpgate-broker: ${line}\n`);
  if (context.env['MCPGATE_LOG'] === 'debug' && error instanceof Error) context.stderr.write(`${error.stack ?? ''}\n`);
  return EXIT_CODE[failure.code];
}
