// Which arguments of a command a program executes: a line for a shell (`sh -c`, `env -S`, `npx -c`, `ssh host …`), or the source of a program
// (`node -e`, `python -c`). However a value is quoted in such a text, it can become a part of the program, and whoever may set the secret could
// run what they like. In doubt an argument counts as executed: then the secret's value may hold no odd characters, which costs little.
import type { Shell } from './spot.ts';

export type Language = Shell | 'code';

export interface ProgramText {
  language: Language;
  /** The argument is the executed text and nothing else; false where a flag stands before the text, or the argument is one of its many words. */
  isWhole: boolean;
}

/** A program that executes some of its arguments. */
interface ProgramOption {
  /** The program's name, without folder, ending and version. */
  name: RegExp;
  language: Language;
  /** The flag before the executed text. Left out: the program executes all its arguments. */
  flag?: RegExp;
  /** Matches an argument that holds flag and text together. */
  attached?: RegExp;
  /** Which arguments behind the flag are the text. `next`: the next one; `operand`: the next one that is no option; `rest`: all of them. */
  takes?: 'next' | 'operand' | 'rest';
  /** The arguments behind this flag are for something else: `-m MODULE` of Python. */
  ends?: RegExp;
  /**
   * The argument that the program runs instead, so that all arguments behind it are for that: any operand, or one that looks like a file or a
   * package.
   */
  until?: 'operand' | 'script';
}

const PROGRAM_OPTIONS: readonly ProgramOption[] = [
  {
    name: /^(?:rba|ba|z|da|a|m?k|pdk|o|y|tc|c|fi|xon)?sh$|^(?:nu|elvish)$/,
    language: 'posix',
    flag: /^(?:[-+][A-Za-z]*c[A-Za-z]*|--(?:init-)?command)$/,
    attached: /^-[A-Za-z]*c|^--(?:init-)?command=/,
    takes: 'operand',
    until: 'operand',
  },
  {
    name: /^(?:python|pypy|ipython|jython|micropython)w?$/,
    language: 'code',
    flag: /^-[A-Za-z]*c$/,
    attached: /^-[A-Za-z]*c/,
    ends: /^-[A-Za-z]*m$/,
    until: 'script',
  },
  {
    name: /^(?:node|nodejs|bun|deno|tsx|ts-node|electron|babel-node)$/,
    language: 'code',
    flag: /^(?:-[a-z]*[ep]|--eval|--print)$/,
    attached: /^--(?:eval|print|import|require|loader|experimental-loader)=/,
    until: 'script',
  },
  { name: /^(?:deno|crystal)$/, language: 'code', flag: /^eval$/, takes: 'operand' },
  { name: /^perl$/, language: 'code', flag: /^-[A-Za-z0]*[eE]$/, attached: /^-[A-Za-z0]*[eEMm]/, until: 'script' },
  { name: /^j?ruby$/, language: 'code', flag: /^-[A-Za-z0]*e$/, attached: /^-[A-Za-z0]*[er]/, until: 'script' },
  {
    name: /^php$/,
    language: 'code',
    flag: /^(?:-[rBREd]|--run|--process-\w+)$/,
    attached: /^(?:-[rBREd]|--(?:run|process-\w+)=)/,
    until: 'script',
  },
  {
    name: /^(?:lua|luajit|rscript|r|julia|osascript|elixir|erl|groovy|scala|guile|racket|sbcl|emacs|n?vim|expect|psql|mysql|mariadb|mongo(?:sh)?|gdb|swift|clojure|clj|bb|raku|ghc|octave|redis-cli)$/,
    language: 'code',
    flag: /^(?:-{1,2}(?:e|E|c|ex|cmd|eval|execute|command|rpc-eval)|eval)$/,
    attached: /^(?:-[eEc]|\+|-{1,2}(?:cmd|eval|execute|command)=)/,
  },
  { name: /^(?:[gmn]?awk|g?sed|sqlite|tclsh|wish)$/, language: 'code' },
  {
    name: /^env$/,
    language: 'posix',
    flag: /^(?:-[A-Za-z]*S|--split-string)$/,
    attached: /^(?:-[A-Za-z]*S|--split-string=)/,
  },
  { name: /^npx$/, language: 'posix', flag: /^(?:-c|--call)$/, attached: /^(?:-c|--call=)/, until: 'script' },
  {
    name: /^(?:su|npm|pnpm|script|flock|runuser|sg|mise|vagrant)$/,
    language: 'posix',
    flag: /^(?:-[a-z]*c|--call|--command)$/,
    attached: /^(?:-[a-z]*c|--(?:call|command)=)/,
  },
  { name: /^(?:nodemon|rsync)$/, language: 'posix', flag: /^(?:-[xe]|--exec|--rsh)$/, attached: /^--(?:exec|rsh)=/ },
  { name: /^pnpm$/, language: 'posix', flag: /^(?:-c|--shell-mode)$/, takes: 'rest' },
  { name: /^(?:ssh|watch|wsl|parallel|concurrently|make)$/, language: 'posix' },
  { name: /^nix-shell$/, language: 'posix', flag: /^--(?:run|command)$/ },
  { name: /^powershell$/, language: 'powershell', ends: /^[-/]f/i },
  {
    name: /^(?:powershell|pwsh)(?:-preview)?$/,
    language: 'powershell',
    flag: /^[-/](?:c|co\w*|e|ec|en\w*)$/i,
    takes: 'rest',
    ends: /^[-/]f/i,
  },
  { name: /^cmd$/, language: 'cmd', flag: /^\/[ckr]$/i, attached: /^\/[ckr]/i, takes: 'rest' },
];

/** Flags whose names say that their value is executed, of whatever program. */
const ANY_PROGRAM: ProgramOption = {
  name: /^/,
  language: 'posix',
  flag: /^--(?:eval|exec|execute|command|call|split-string|shell-command)$/,
  attached: /^--(?:eval|exec|execute|command|call|split-string|shell-command)=/,
};

/** For each argument, how it is executed; undefined where it is not. */
export function programTexts(command: string, args: readonly string[]): (ProgramText | undefined)[] {
  const found = args.map((): ProgramText | undefined => undefined);
  const take = (index: number, language: Language, isWhole: boolean): void => {
    const known = found[index];
    if (known === undefined || (isWhole && !known.isWhole)) found[index] = { language, isWhole };
  };
  const programs = [command, ...args].map(programName);
  for (const carrier of PROGRAM_OPTIONS)
    for (const [start, program] of programs.entries())
      if (carrier.name.test(program))
        textsOf(carrier, args, start, (index, isWhole) => take(index, carrier.language, isWhole));
  textsOf(ANY_PROGRAM, args, 0, (index) => take(index, ANY_PROGRAM.language, false));
  return found;
}

/** Calls `take` for each argument that the carrier executes; its own arguments begin at `start`. */
function textsOf(
  { flag, attached, takes = 'next', ends, until }: ProgramOption,
  args: readonly string[],
  start: number,
  take: (index: number, isWhole: boolean) => void,
): void {
  let isBehindFlag = flag === undefined;
  for (let index = start; index < args.length; index++) {
    const text = args[index] ?? '';
    const before = index === start ? '' : (args[index - 1] ?? '');
    const isOption = /^[-+]./.test(text);
    if (isBehindFlag) {
      const isOneOfMany = flag === undefined || (takes === 'rest' && !flag.test(before));
      if (ends?.test(text) === true) return;
      take(index, !isOneOfMany && !(takes === 'operand' && isOption));
      if (takes === 'operand' && !isOption) return;
      if (flag !== undefined && takes === 'next') isBehindFlag = false;
      continue;
    }
    if (ends?.test(text) === true) return;
    if (flag?.test(text) === true) isBehindFlag = true;
    else if (attached?.test(text) === true) take(index, false);
    else if (isOther(text, before, until)) return;
  }
}

/** Whether the argument is what the program runs instead of a text (`until`). It is not where it is the value of the flag before it. */
function isOther(text: string, before: string, until: ProgramOption['until']): boolean {
  if (until === undefined || /^[-+]/.test(text)) return false;
  if (until === 'operand') return !/^(?:[-+][A-Za-z]*[oO]|--rcfile|--init-file)$/.test(before);
  return !before.startsWith('-') && /[/\\]|\.(?:[cm]?[jt]sx?|pyz?|rb|pl|php)$/.test(text);
}

function programName(text: string): string {
  const name = (/[^/\\]*$/.exec(text)?.[0] ?? '').replace(/\.(?:exe|cmd|bat)$/i, '').toLowerCase();
  return name.replace(/(?<=[a-z])-?\d[\d.]*$/, '');
}

/** Whether a value is nothing but a word, wherever it stands in such a text. `%` has a meaning for shells of Windows. */
export function isPlainIn(language: Language, value: string): boolean {
  return (language === 'cmd' || language === 'powershell' ? /^[\w./:=@+,-]+$/ : /^[\w./:=@%+,-]+$/).test(value);
}
