// What a terminal shows of a call that goes on.
import { onePlainLine } from '../one-plain-line.ts';
import type { McpProgress } from './mcp-session.ts';

/** What mcpgate itself says of a call that waits, such as who decides about it and where: to be read to its end, so no line that is cut. */
export function noticeOf({ message }: McpProgress): string | undefined {
  return message?.startsWith('[mcpgate] ') === true ? onePlainLine(message) : undefined;
}

/** A number without a total is only a sign that something goes on, so that a message in words stands for it. */
export function progressLine(tool: string, { progress, total, message }: McpProgress): string {
  const said = message === undefined ? '' : onePlainLine(message);
  const count = total !== undefined ? `${progress}/${total}` : said === '' ? `${progress}` : '';
  return [tool, count, said].filter((part) => part !== '').join('  ');
}
