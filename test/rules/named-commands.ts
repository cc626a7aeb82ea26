// The command lines that texts of this repository name: messages of the two programs, help, and pages. What a person is told to type
// must exist, so a test reads them here and asks the programs themselves.
import { globSync, readFileSync } from 'node:fs';
import { REPOSITORY } from '../step.ts';
import { readSourceFiles } from './source-files.ts';

export type ProgramName = 'mcpgate' | 'mcpgate-broker';

export interface NamedCommand {
  /** Where it stands: `docs/operations.md:12`. */
  at: string;
  program: ProgramName;
  /** The words after the program's name, as they stand there; what a template fills in is `X`. */
  words: readonly string[];
}

/** Commands that a message may name without their program, because the reader has just run it. */
export type Known = ReadonlyMap<ProgramName, ReadonlySet<string>>;

const PROGRAM_LINE = /(?:^|[\s(])(?:npx )?(mcpgate-broker|mcpgate)((?: [^\n`|;&<>()]*)?)/;

/** What `${…}` fills in is part of the word before it where it touches it (`list${inside}`), else a word of its own. */
function withoutHoles(text: string): string {
  const hole = /\$\{(?:[^{}]|\{[^{}]*\})*\}/g;
  return text.replaceAll(hole, (_hole, at: number) => (/[a-z]/i.test(text.charAt(at - 1)) ? ' ' : 'X'));
}

function wordsOf(text: string): string[] {
  const plain = withoutHoles(text)
    .replaceAll(/\\n.*$/gs, '')
    .replaceAll('\\|', '|');
  return plain
    .replaceAll(/'[^']*'|"[^"]*"/g, 'X')
    .split(/\s+/)
    .map((word) => word.replaceAll(/^[[(]+|[\]),.:…]+$/g, ''))
    .filter((word) => word !== '');
}

/** `text`: what stands between backticks. */
function commandIn(text: string, at: string, home: ProgramName | undefined, known: Known): NamedCommand[] {
  const named = /^(?:npx )?(mcpgate-broker|mcpgate) (?<rest>[a-z][\s\S]*)$/.exec(text);
  if (named !== null) {
    const program = named[1] === 'mcpgate' ? 'mcpgate' : 'mcpgate-broker';
    return [{ at, program, words: wordsOf(named[2] ?? '') }];
  }
  const words = wordsOf(text);
  const [first = ''] = words;
  if (home === undefined || !/^[a-z][a-z-]*$/.test(first) || !(known.get(home)?.has(first) ?? false)) return [];
  // One word alone is as often a noun as a command (`status`, `server`).
  return words.length > 1 ? [{ at, program: home, words }] : [];
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

function spansOf(text: string, tick: RegExp): { span: string; line: number }[] {
  return [...text.matchAll(tick)].map((match) => ({ span: match[1] ?? '', line: lineOf(text, match.index) }));
}

/** Between backticks in strings, templates (there they are escaped) and comments. */
export function commandsInSource(path: string, text: string, known: Known): NamedCommand[] {
  const home = path.startsWith('cli/') ? 'mcpgate' : path.startsWith('broker/') ? 'mcpgate-broker' : undefined;
  const escaped = spansOf(text, /\\`((?:[^`\\]|\\[^`])+)\\`/g);
  const plain = spansOf(
    text.replaceAll(/\\`(?:[^`\\]|\\[^`])+\\`/g, (match) => ' '.repeat(match.length)),
    /`([^`\n]+)`/g,
  );
  return [...escaped, ...plain].flatMap(({ span, line }) => commandIn(span, `${path}:${line}`, home, known));
}

/** Between backticks, and lines of code that begin with a program's name (behind a prompt, too). */
export function commandsInPage(path: string, text: string, known: Known): NamedCommand[] {
  const home = path.startsWith('cli/') ? 'mcpgate' : undefined;
  const blocks = [...text.matchAll(/^```(?:sh|text|bash|console)?\n([\s\S]*?)^```/gm)];
  const inBlocks = blocks.flatMap((block) =>
    (block[1] ?? '').split('\n').flatMap((line, offset): NamedCommand[] => {
      const found = PROGRAM_LINE.exec(line.replace(/ {2,}\(.*$| #.*$| {3,}.*$/, ''));
      if (found === null || !/^(?:\s*|.*\$ )(?:npx )?$/.test(line.slice(0, line.indexOf(found[1] ?? '')))) return [];
      const at = `${path}:${lineOf(text, block.index) + offset + 1}`;
      return [{ at, program: found[1] === 'mcpgate' ? 'mcpgate' : 'mcpgate-broker', words: wordsOf(found[2] ?? '') }];
    }),
  );
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
  const inline = spansOf(prose, /`([^`\n]+)`/g);
  return [...inBlocks, ...inline.flatMap(({ span, line }) => commandIn(span, `${path}:${line}`, home, known))];
}

/** Everything that the product and its pages name. */
export function namedCommands(known: Known): NamedCommand[] {
  const sources = readSourceFiles().filter(({ isTest }) => !isTest);
  const pages = globSync('**/*.md', { cwd: REPOSITORY, exclude: ['**/node_modules/**', 'test/out/**', '**/dist/**'] });
  return [
    ...sources.flatMap(({ path, text }) => commandsInSource(path, text, known)),
    ...pages.flatMap((path) => commandsInPage(path, readFileSync(`${REPOSITORY}${path}`, 'utf8'), known)),
  ];
}
