// A question that a person answers with yes or no, before something is done that they may not want.
import { createInterface } from 'node:readline/promises';
import { GateError } from 'mcpgate-shared/error';
import type { CliContext } from '../../context.ts';

/** Throws `usage` where nobody is there to answer. */
export async function confirm(
  context: Pick<CliContext, 'stdin' | 'stderr' | 'stdinIsTTY' | 'interrupted'>,
  question: string,
): Promise<boolean> {
  if (!context.stdinIsTTY)
    throw new GateError('usage', 'nobody is there to be asked: add --yes, or --dry-run to see what would be done');
  const asking = createInterface({ input: context.stdin, output: context.stderr });
  try {
    return /^y(?:es)?$/i.test((await asking.question(`${question} [y/N] `, { signal: context.interrupted })).trim());
  } finally {
    asking.close();
  }
}
