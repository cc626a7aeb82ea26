// What the arguments of a command are: the value of the flag before it, a line for a shell, or something of its own.
import type { Place, Shell } from './place.ts';

const LANGUAGES: readonly (readonly [program: RegExp, flag: RegExp, language: Shell | 'code'])[] = [
  [/^(?:ba|z|da|a|k|mk|tc|c|fi)?sh$/, /^-[a-z]*c$/, 'posix'],
  [/^(?:powershell|pwsh)(?:-preview)?$/, /^-(?:c|co\w*|encodedcommand)$/i, 'powershell'],
  [/^cmd$/, /^\/[ck]$/i, 'cmd'],
  [/^(?:python[\d.]*|node|bun|deno|perl|ruby|php)$/, /^(?:-[cep]|--eval|--print|eval|-r)$/, 'code'],
  [/^env$/, /^(?:-\w*S|--split-string)$/, 'posix'],
  [/^(?:ssh|su|npx|npm|pnpm|script|watch|wsl)$/, /^(?:-c|--call|--command)$/, 'posix'],
  [/^nix-shell$/, /^--(?:run|command)$/, 'posix'],
];

/** Flags whose value has a name of its own: `-e NAME=value`, `--header 'Name: value'`. */
export const HOLDER =
  /^-{1,2}(?:e|env|environment|H|headers?|set|build-arg|var|define|D|config|c|option|o|property|p:.*)$/i;

export function argumentPlaces(command: string, args: readonly string[]): Place[] {
  const places: Place[] = [];
  for (const [index, text] of args.entries()) {
    const before = args[index - 1] ?? '';
    const language = languageOf(command, args, index);
    const meaning = language === undefined ? {} : language === 'code' ? { isCode: true } : { shell: language };
    // What is a value itself names nothing: it may be the secret.
    const isNamed = isFlagName(before) && (places[index - 1]?.name ?? '') === '' && !isFlag(text);
    const name = isNamed ? before : '';
    const label = isNamed ? `argument ${before}` : `argument ${index + 1}`;
    places.push({ kind: 'argument', name, label, ...meaning });
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

function languageOf(command: string, args: readonly string[], index: number): Shell | 'code' | undefined {
  const before = args[index - 1];
  if (before === undefined) return undefined;
  const programs = [command, ...args.slice(0, index - 1)].map(programName);
  // What ssh is given to run is a line for the shell over there.
  if (programName(command) === 'ssh' && index > 0 && /\s/.test(args[index] ?? '') && !before.startsWith('-'))
    return 'posix';
  const found = LANGUAGES.find(([program, flag]) => flag.test(before) && programs.some((name) => program.test(name)));
  return found?.[2];
}

function programName(text: string): string {
  return (/[^/\\]*$/.exec(text)?.[0] ?? '').replace(/\.(?:exe|cmd|bat)$/i, '').toLowerCase();
}
