import { plainLine } from 'mcpgate-shared/plain-line';

/** The first line of what others say, fit for a terminal. */
export function onePlainLine(text: string): string {
  return plainLine(text.trim().split('\n', 1)[0] ?? '').trim();
}
