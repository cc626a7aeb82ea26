// A question to whoever sits before a terminal. Ctrl-C, Ctrl-D or the terminal's end is no yes.
import { createInterface } from 'node:readline/promises';
import type { CommandContext } from '../context.ts';

export async function isConfirmed(
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
  question: string,
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return /^\s*y(es)?\s*$/i.test(await lines.question(question).catch(() => ''));
  } finally {
    lines.close();
  }
}
