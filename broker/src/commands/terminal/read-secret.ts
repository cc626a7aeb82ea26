// Reads the value of a secret: from stdin, or at a prompt that does not show what is typed.
import { text } from 'node:stream/consumers';
import { GateError } from 'mcpgate-shared/error';
import type { CommandContext } from '../context.ts';

/** The value without the line end that `echo` adds. Throws `usage` where it is empty, `cancelled` at Ctrl-C. */
export async function readSecret(context: CommandContext, prompt: string): Promise<string> {
  const value =
    context.stdin.isTTY === true
      ? await readHidden(context, prompt)
      : (await text(context.stdin)).replace(/\r?\n$/, '');
  if (value === '')
    throw new GateError('usage', 'the value is empty; give it on stdin, as in `secret set NAME < FILE`');
  return value;
}

/** What is typed at a prompt that shows nothing; empty where nothing is. Throws `cancelled` at Ctrl-C. */
export async function readHidden({ stdin, stderr }: CommandContext, prompt: string): Promise<string> {
  // Before the prompt, so that nothing that is pasted at once is shown.
  stdin.setRawMode?.(true);
  stderr.write(prompt);
  stdin.setEncoding('utf8');
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let value = '';
      stdin.on('data', (chunk: string) => {
        for (const character of chunk) {
          if (character === '\r' || character === '\n' || character === '\u0004') resolve(value);
          else if (character === '\u0003') reject(new GateError('cancelled', 'interrupted; nothing was changed'));
          else if (character === '\u007f' || character === '\b') value = value.slice(0, -1);
          else value += character;
        }
      });
      stdin.once('end', () => resolve(value));
    });
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stdin.removeAllListeners('data');
    stderr.write('\n');
  }
}
