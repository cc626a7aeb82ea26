// One secret from stdin: all of a pipe, or the first line a person types.
import { createInterface } from 'node:readline';

export async function readSecret(stdin: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  const reader = createInterface({ input: stdin, terminal: false });
  for await (const line of reader) {
    lines.push(line);
    if ('isTTY' in stdin && stdin.isTTY === true) break;
  }
  reader.close();
  return lines.join('\n').trim();
}
