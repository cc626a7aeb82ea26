// Mistakes of single edits, told with their place in a configuration.
import { GateError } from 'mcpgate-shared/error';
import { Mistake, type MistakePath } from '../../domain/mistake.ts';

/** What `work` returns; `before`: what its mistake is said of. The place of its mistake, none where it names none, is the one that `place` makes of it. */
export function inside<T>(place: (path: MistakePath) => MistakePath, work: () => T, before = ''): T {
  try {
    return work();
  } catch (error) {
    throw placed(error, place, before);
  }
}

/** The same of work that takes time, about a thing that has a name. */
export async function insideOf<T>(thing: string, at: MistakePath, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw placed(error, (path) => [...at, ...path], `${thing}: `);
  }
}

function placed(error: unknown, place: (path: MistakePath) => MistakePath, before = ''): unknown {
  // What the store says is about no place: it is away, or somebody else was faster.
  if (!(error instanceof GateError) || ['unavailable', 'internal', 'stale'].includes(error.code)) return error;
  const path = error instanceof Mistake ? error.path : [];
  return new Mistake(error.code, `${before}${error.message}`, place(path), { cause: error });
}
