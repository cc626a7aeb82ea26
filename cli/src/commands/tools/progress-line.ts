// What a terminal shows of a call that goes on.
import { onePlainLine } from '../one-plain-line.ts';
import type { McpProgress } from './mcp-session.ts';

/** A number without a total is only a sign that something goes on, so that a message in words stands for it. */
export function progressLine(tool: string, { progress, total, message }: McpProgress): string {
  const said = message === undefined ? '' : onePlainLine(message);
  const count = total !== undefined ? `${progress}/${total}` : said === '' ? `${progress}` : '';
  return [tool, count, said].filter((part) => part !== '').join('  ');
}
