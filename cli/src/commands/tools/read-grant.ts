// Reads the grant for `login --with-token` from stdin, and refuses text that cannot be a grant before the broker is asked.
import { GateError } from 'mcpgate-shared/error';
import type { CliContext } from '../../context.ts';
import { createInterface } from 'node:readline';

const SHOW = 'echo "$GRANT" | mcpgate login URL --with-token';
const ISSUE = 'an administrator issues one with `mcpgate-broker grant issue`';

/** Throws `usage`; the message never contains what was read. */
export async function readGrant({
  stdin,
  stdinIsTTY,
  terminal,
}: Pick<CliContext, 'stdin' | 'stdinIsTTY' | 'terminal'>): Promise<string> {
  if (stdinIsTTY) terminal.note(`Paste the grant (mcg_…; ${ISSUE}), then press Enter:`);
  const text = await readSecret(stdin);
  const problem = problemOf(text, stdinIsTTY);
  if (problem !== undefined) throw new GateError('usage', problem);
  return text;
}

function problemOf(text: string, isTyped: boolean): string | undefined {
  if (text === '') {
    return isTyped
      ? `no grant was pasted: run this again and paste one (mcg_…); ${ISSUE}`
      : `stdin is empty, and --with-token reads a grant (mcg_…) from it: ${SHOW} (is the variable set?); ${ISSUE}`;
  }
  if (/\s/.test(text)) {
    const where = isTyped ? 'what was pasted' : 'stdin';
    return `${where} holds more than one word: give the grant alone, the word that begins with mcg_`;
  }
  if (text.startsWith('mca_')) {
    return 'this is an administration token (mca_…), which goes into MCPGATE_ADMIN_TOKEN for `mcpgate-broker`; --with-token takes a grant (mcg_…)';
  }
  if (!/^mcg_[\w-]+$/.test(text)) {
    return `this is no grant: one begins with mcg_ and holds letters and digits only, without quotes; ${ISSUE}`;
  }
  return undefined;
}

async function readSecret(stdin: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  const reader = createInterface({ input: stdin, terminal: false });
  for await (const line of reader) {
    lines.push(line);
    if ('isTTY' in stdin && stdin.isTTY === true) break;
  }
  reader.close();
  return lines.join('\n').trim();
}
