// What Node's runner says of tests, for whoever counts them. A test that is skipped or marked as to do counts as failed.
import type { run } from 'node:test';

interface Counting {
  onPassed: () => void;
  onFailed: (name: string, message: string) => void;
}

export function countTests(stream: ReturnType<typeof run>, { onPassed, onFailed }: Counting): void {
  stream.on('test:pass', ({ name, skip, todo, details }) => {
    if (details.type === 'suite') return;
    if (skip !== undefined) onFailed(name, `skipped: ${String(skip)}`);
    else if (todo !== undefined) onFailed(name, `to do: ${String(todo)}`);
    else onPassed();
  });
  stream.on('test:fail', ({ name, details }) => {
    if (details.error.cause instanceof Error || details.type !== 'suite') onFailed(name, describe(details.error));
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  return cause instanceof Error ? (cause.stack ?? cause.message) : (error.stack ?? error.message);
}
