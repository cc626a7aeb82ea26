// The spot of each argument of a command: the value of the flag before it, a line for a shell, the source of a program, or an argument without
// a name.
import type { Spot } from './spot.ts';
import { type ProgramText, programTexts } from './program-text.ts';

/** Flags whose value has a name of its own: `-e NAME=value`, `--header 'Name: value'`. */
export const HOLDER =
  /^-{1,2}(?:e|env|environment|H|headers?|set|build-arg|var|define|D|config|c|option|o|property|p:.*)$/i;

export function argumentSpots(command: string, args: readonly string[]): Spot[] {
  const spots: Spot[] = [];
  const programs = programTexts(command, args);
  for (const [index, text] of args.entries()) {
    const before = args[index - 1] ?? '';
    const program = programs[index];
    // An argument that is itself the value of a flag does not name the next one: it may be the secret.
    const isNamed = isFlagName(before) && (spots[index - 1]?.name ?? '') === '' && !isFlag(text);
    const name = isNamed ? before : '';
    const label = isNamed ? `argument ${before}` : `argument ${index + 1}`;
    spots.push({ kind: 'argument', name, label, ...(program === undefined ? {} : meaningOf(program, text)) });
  }
  return spots;
}

/** Whether the argument is a flag that takes the next one as its value: `--token`, `-p`; not `-pVALUE`. */
const isFlagName = (text: string): boolean =>
  /^--[A-Za-z][\w.:-]*$|^-[A-Za-z][\w.:-]*$/.test(text) && !/^-[A-Za-z](?=.*\d)[^-]{4,}$/.test(text);

/** Whether the argument is a flag rather than a value that begins with a dash. */
function isFlag(text: string): boolean {
  return /^--[A-Za-z]|^-[A-Za-z]{1,2}$|^-[A-Za-z]\d+$|^-[a-z][a-z-]*(?:=|$)|^-[DPeHp][\w.-]+[=:]/.test(text);
}

function meaningOf({ language, isWhole }: ProgramText, text: string): Partial<Spot> {
  const program = language;
  if (language === 'code') return isWhole ? { program, isCode: true } : { program };
  // The command that ssh runs is a line for the remote shell, in one argument or in many.
  return isWhole || (language === 'posix' && /\s/.test(text)) ? { program, shell: language } : { program };
}
