// Which variables a shell's line sets itself: what names one of them later in the line is a reference, not something to be filled in.
import type { Shell } from './place.ts';

const NAME = '[A-Za-z_]\\w*';
/** `NAME=…`, also behind `export`; `read NAME`; `for NAME in …`. */
const POSIX = new RegExp(
  `(?:^|[\\s;&|({])(?:(${NAME})=|read\\s+(?:-\\w+\\s+)*(${NAME})|for\\s+(${NAME})\\s+in\\b)`,
  'g',
);
/** Of fish and csh, which are started in the same way. */
const SET = new RegExp(`(?:^|[\\s;&|({])(?:set\\s+(?:-\\w+\\s+)+|setenv\\s+)(${NAME})\\s`, 'g');
const POWERSHELL = new RegExp(`\\$(?:env:)?(${NAME})\\s*=(?!=)`, 'gi');
const CMD = new RegExp(`\\bset\\s+(?:/\\w\\s+)?"?(${NAME})=`, 'gi');

const SETTING = {
  posix: [POSIX, SET],
  powershell: [POWERSHELL],
  cmd: [CMD],
} as const satisfies Record<Shell, readonly RegExp[]>;

export function variablesSetIn(line: string, shell: Shell): string[] {
  return SETTING[shell].flatMap((form) =>
    [...line.matchAll(form)].flatMap(([, ...names]) => names.filter((name) => name !== undefined)),
  );
}

/** What the shell itself puts in: `$(…)` is cut into words at its bracket. */
export const isComputed = (word: string): boolean => word === '$' || /^`[a-z][\w./-]*$/.test(word);
