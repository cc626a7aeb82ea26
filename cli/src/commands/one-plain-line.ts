// Makes one line of a text that a broker or a server wrote, for commands that print it on a terminal.
import { plainLine } from 'mcpgate-shared/plain-line';

/** The first line of what others say, fit for a terminal. */
export function onePlainLine(text: string): string {
  return plainLine(text.trim().split('\n', 1)[0] ?? '').trim();
}
