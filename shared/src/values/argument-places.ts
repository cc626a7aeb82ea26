// What the arguments of a command are: the value of the flag before it, a line for a shell, or something of its own.
import type { Place } from './place.ts';
import { type ProgramText, programTexts } from './program-text.ts';

/** Flags whose value has a name of its own: `-e NAME=value`, `--header 'Name: value'`. */
export const HOLDER =
  /^-{1,2}(?:e|env|environment|H|headers?|set|build-arg|var|define|D|config|c|option|o|property|p:.*)$/i;

export function argumentPlaces(command: string, args: readonly string[]): Place[] {
  const places: Place[] = [];
  const programs = programTexts(command, args);
  for (const [index, text] of args.entries()) {
    const before = args[index - 1] ?? '';
    const program = programs[index];
    // What is a value itself names nothing: it may be the secret.
    const isNamed = isFlagName(before) && (places[index - 1]?.name ?? '') === '' && !isFlag(text);
    const name = isNamed ? before : '';
    const label = isNamed ? `argument ${before}` : `argument ${index + 1}`;
    places.push({ kind: 'argument', name, label, ...(program === undefined ? {} : meaningOf(program, text)) });
  }
  return places;
}

/** `--token`, `-p`; not `-pVALUE`. */
const isFlagName = (text: string): boolean =>
  /^--[A-Za-z][\w.:-]*$|^-[A-Za-z][\w.:-]*$/.test(text) && !/^-[A-Za-z](?=.*\d)[^-]{4,}$/.test(text);

/** Whether it is a flag rather than a value that begins with a dash. */
function isFlag(text: string): boolean {
  return /^--[A-Za-z]|^-[A-Za-z]{1,2}$|^-[A-Za-z]\d+$|^-[a-z][a-z-]*(?:=|$)|^-[DPeHp][\w.-]+[=:]/.test(text);
}

function meaningOf({ language, isWhole }: ProgramText, text: string): Partial<Place> {
  const program = language;
  if (language === 'code') return isWhole ? { program, isCode: true } : { program };
  // What ssh is given to run is a line for the shell over there, in one argument or in many.
  return isWhole || (language === 'posix' && /\s/.test(text)) ? { program, shell: language } : { program };
}
