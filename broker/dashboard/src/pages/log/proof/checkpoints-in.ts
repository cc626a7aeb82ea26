// The checkpoints of a file that somebody has picked, as the command takes them from one: what the broker is sent is the newest of each chain.
import { newestClaims } from 'mcpgate-shared/api/audit/newest-claims';
import { Problem } from '../../../api/problem.ts';

/** A checkpoint has some 400 bytes, and one a minute is made: this is more than a year of them. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Throws a Problem that says which line is none. */
export async function checkpointsIn(file: File): Promise<unknown[]> {
  if (file.size > MOST_BYTES)
    throw new Problem('refused', `${file.name} is larger than checkpoints of a year are: it is another file.`);
  let found: unknown[];
  try {
    found = await newestClaims(linesOf(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('refused', `${file.name}: ${why}`, { cause: error });
  }
  if (found.length === 0) throw new Problem('refused', `${file.name} has no checkpoint.`);
  return found;
}

async function* linesOf(file: File): AsyncGenerator<string> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? '')).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    yield* lines;
    if (done) return;
  }
}
