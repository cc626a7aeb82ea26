// How a value is written into a shell's line so that it stays one word and the shell executes nothing in it. Where the quoting around it is
// not certain, a value may hold only letters, digits and characters that mean nothing to any shell.
import { asItIs, type Shell, type Spelling } from './spot.ts';

export type Quote = 'none' | 'single' | 'double';

const PLAIN = /^[\w./:=@%+,-]+$/;

/** The spelling where the quoting of a line is not certain. */
const PLAIN_WORD = asItIs('a shell’s line', (value) => /^[\w./:=@+,-]+$/.test(value));

const POSIX: Record<Quote, Spelling> = {
  none: {
    where: 'a shell’s line',
    decode: (raw) => (PLAIN.test(raw) ? raw : undefined),
    encode: (value) =>
      PLAIN.test(value) ? value : fit(value, (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`),
  },
  single: {
    where: 'a shell’s line',
    decode: (raw) => raw,
    encode: (value) => fit(value, (text) => text.replaceAll("'", String.raw`'\''`)),
  },
  double: {
    where: 'a shell’s line',
    decode: (raw) => (/[\\$`]/.test(raw) ? undefined : raw),
    encode: (value) => fit(value, (text) => text.replaceAll(/["\\$`]/g, String.raw`\$&`)),
  },
};

const POWERSHELL: Record<Quote, Spelling> = {
  none: PLAIN_WORD,
  single: {
    where: 'a line of PowerShell',
    // Curly quotes end a string there, too.
    decode: (raw) => (/['\u2018-\u201B]/.test(raw) ? undefined : raw),
    encode: (value) => (/[\0\u2018-\u201B]/.test(value) ? undefined : value.replaceAll("'", "''")),
  },
  double: asItIs('a line of PowerShell', (value) => !/[\0"`$\u201C-\u201E]/.test(value)),
};

export function shellSpelling(shell: Shell, quote: Quote, isCertain: boolean): Spelling {
  if (!isCertain || shell === 'cmd') return PLAIN_WORD;
  return (shell === 'posix' ? POSIX : POWERSHELL)[quote];
}

function fit(value: string, spell: (value: string) => string): string | undefined {
  return value.includes('\0') ? undefined : spell(value);
}
