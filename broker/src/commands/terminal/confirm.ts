// A question to whoever sits before a terminal. Ctrl-C, Ctrl-D or the terminal's end is no yes.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { AdminOptions } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';

export interface AskedOptions extends AdminOptions {
  yes?: boolean;
}

export const askedOption = (command: Command): Command => command.option('-y, --yes', 'do not ask');

/** Asks before something is removed for good; scripts are not asked. Throws `cancelled`. */
export async function assertRemoval(
  context: Pick<CommandContext, 'stdin' | 'stderr'>,
  { yes, json }: Pick<AskedOptions, 'yes' | 'json'>,
  what: string,
): Promise<void> {
  if (context.stdin.isTTY !== true || yes === true || json === true) return;
  if (await isConfirmed(context, `Remove ${plainLine(what)} for good? [y/N] `)) return;
  throw new GateError('cancelled', 'nothing was removed');
}

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
