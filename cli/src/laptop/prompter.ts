// Asks a person at a terminal for one line at a time, shown or hidden. Lines that were pasted together are answers to the questions that follow.
import { GateError } from 'mcpgate-shared/error';

interface TerminalInput extends NodeJS.ReadableStream {
  setRawMode?(isRaw: boolean): unknown;
}

export interface Prompter {
  /** What was typed, without the line's end. Throws `cancelled` at Ctrl-C and where the input has ended. */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>;
  close(): void;
}

const ENTER = new Set(['\r', '\n', '\u0004']);
const BACKSPACE = new Set(['\u007f', '\b']);

export function createPrompter(stdin: TerminalInput, stderr: { write(text: string): unknown }): Prompter {
  const characters: string[] = [];
  let wake: () => void = () => undefined;
  let isEnded = false;
  const onData = (chunk: string) => {
    // Arrows and the like are no characters.
    for (const character of chunk.replaceAll(/\u001b\[[\d;]*[A-Za-z~]/g, '')) characters.push(character);
    wake();
  };
  const onEnd = () => {
    isEnded = true;
    wake();
  };
  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.resume();

  async function next(): Promise<string> {
    for (;;) {
      const character = characters.shift();
      if (character !== undefined) return character;
      if (isEnded) throw new GateError('cancelled', 'the input has ended; nothing was changed');
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    async ask(question, { hidden = false } = {}) {
      stderr.write(question);
      const typed: string[] = [];
      const show = (text: string) => void (hidden || stderr.write(text));
      for (;;) {
        const character = await next();
        if (character === '\u0003') {
          stderr.write('\n');
          throw new GateError('cancelled', 'interrupted; nothing was changed');
        }
        if (ENTER.has(character)) break;
        if (BACKSPACE.has(character)) {
          if (typed.pop() !== undefined) show('\b \b');
        } else if (/\P{C}/u.test(character)) {
          typed.push(character);
          show(character);
        }
      }
      stderr.write('\n');
      return typed.join('');
    },
    close() {
      stdin.setRawMode?.(false);
      stdin.pause();
      stdin.off('data', onData);
      stdin.off('end', onEnd);
    },
  };
}
