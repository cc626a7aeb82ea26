// Which variables a shell's line sets itself. Where the line uses such a variable later, that is a reference to it, and no placeholder that a
// person has to fill in.
import type { Shell } from './spot.ts';

const NAME = '[A-Za-z_]\\w*';
/** `NAME=…`, also behind `export`; `read NAME`; `for NAME in …`. */
const POSIX = new RegExp(
  `(?:^|[\\s;&|({])(?:(${NAME})=|read\\s+(?:-\\w+\\s+)*(${NAME})|for\\s+(${NAME})\\s+in\\b)`,
  'g',
);
/** `set -x NAME …` of fish, `setenv NAME …` of csh: both count as `posix`, because they are started in the same way. */
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

/** Whether the shell computes the word itself: `$` is what shell-words.ts leaves of `$(…)`, which it cuts at the bracket. */
export const isComputed = (word: string): boolean => word === '$' || /^`[a-z][\w./-]*$/.test(word);
