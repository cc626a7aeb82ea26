// How the tour speaks: what it does (the command), what came back, why it matters.
import { styleText } from 'node:util';

export interface Narrator {
  step(title: string): void;
  /** A command as a person would type it, and on whose machine. */
  command(where: 'broker' | 'laptop', words: string): void;
  /** What came back; long answers are cut to a few lines. */
  answer(text: string): void;
  why(text: string): void;
}

const MAX_LINES = 8;

export function createNarrator(write: (text: string) => void): Narrator {
  let steps = 0;
  const startedAt = performance.now();
  return {
    step(title) {
      steps += 1;
      const at = styleText('dim', `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      write(`\n${styleText(['bold', 'cyan'], `${steps}. ${title}`)}  ${at}\n`);
    },
    command(where, words) {
      const place = where === 'broker' ? styleText('magenta', 'broker') : styleText('blue', 'laptop');
      write(`  ${place} ${styleText('bold', `$ ${words}`)}\n`);
    },
    answer(text) {
      const lines = text.trimEnd().split('\n');
      const shown = lines.slice(0, MAX_LINES).map((line) => (line.length > 132 ? `${line.slice(0, 131)}…` : line));
      if (lines.length > MAX_LINES) shown.push(`… ${lines.length - MAX_LINES} more lines`);
      for (const line of shown) write(`         ${line}\n`);
    },
    why: (text) => write(`  ${styleText('green', '✓')} ${styleText('dim', text)}\n`),
  };
}
