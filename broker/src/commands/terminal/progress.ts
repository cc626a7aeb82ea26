// Shows a spinner on stderr while a command waits, where stderr is a terminal.
import type { CommandContext } from '../context.ts';

export async function withProgress<Result>(
  { stderr, env }: Pick<CommandContext, 'stderr' | 'env'>,
  text: string,
  /** `tell` puts another text in its place. */
  work: (tell: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  // A terminal without a width cannot be redrawn.
  if (stderr.isTTY !== true || !stderr.columns) return await work(() => undefined);
  const { default: ora } = await import('ora');
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  // ora must leave stdin alone: it would swallow Ctrl-C.
  const spinner = ora({ text, stream: stderr, discardStdin: false, ...(isPlain ? { color: false } : {}) }).start();
  try {
    return await work((now) => (spinner.text = now));
  } finally {
    spinner.stop();
  }
}
