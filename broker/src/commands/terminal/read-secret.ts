// Reads the value of a secret: from stdin, or at a prompt that does not show what is typed.
import { SECRET_VALUE_MAX } from 'mcpgate-shared/api/secrets';
import { GateError } from 'mcpgate-shared/error';
import type { CommandContext } from '../context.ts';

/**
 * The value of the secret `name` without the line end that `echo` adds; `what`: what a person is asked for. Throws `usage` where it is empty or too
 * long, `cancelled` at Ctrl-C.
 */
export async function readSecret(context: CommandContext, name: string, what = 'value'): Promise<string> {
  const value =
    context.stdin.isTTY === true
      ? await readHidden(context, `${what} of ${name} (not shown): `)
      : await readPiped(context.stdin);
  if (value === '')
    throw new GateError('usage', `the value of ${name} is empty; give it on stdin, as in \`secret set NAME < FILE\``);
  if (value.length > SECRET_VALUE_MAX)
    throw new GateError('usage', `the value of ${name} is longer than 64 KiB; nothing was changed`);
  return value;
}

/** No more of it than is needed to know that it is too long, because a stream may never end. */
async function readPiped(stdin: CommandContext['stdin']): Promise<string> {
  stdin.setEncoding('utf8');
  let value = '';
  for await (const chunk of stdin) {
    value += String(chunk);
    if (value.length > SECRET_VALUE_MAX + '\r\n'.length) break;
  }
  return value.replace(/\r?\n$/, '');
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
