// Shows on stderr that something is under way, where a person looks at it: a terminal that can be redrawn.
import type { CommandContext } from './context.ts';

export async function withProgress<Result>(
  { stderr, env }: Pick<CommandContext, 'stderr' | 'env'>,
  text: string,
  work: () => Promise<Result>,
): Promise<Result> {
  // A terminal without a width cannot be redrawn.
  if (stderr.isTTY !== true || !stderr.columns) return await work();
  const { default: ora } = await import('ora');
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  // stdin stays as it is: ora would swallow Ctrl-C with it.
  const spinner = ora({ text, stream: stderr, discardStdin: false, ...(isPlain ? { color: false } : {}) }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
