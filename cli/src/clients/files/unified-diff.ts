// Shows what would change in a client's file, as `diff -u` prints it, with secrets masked: the diff is shown in terminals and logs, and its context
// lines may contain tokens of other programs.
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { isKnownToken, knownTokensIn } from 'mcpgate-shared/entries/token-formats';

/** `before` and `after`: the text of the file; null: there is no file. `hidden`: values that are known to be secrets, however they look. */
export function unifiedDiff(
  path: string,
  before: string | null,
  after: string | null,
  hidden: readonly string[] = [],
): string {
  const name = (text: string | null): string => (text === null ? '/dev/null' : path);
  const patch = createTwoFilesPatch(name(before), name(after), before ?? '', after ?? '', undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
  // As the file spells them: plainly, or escaped in a string.
  const spelled = hidden.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
  const longestFirst = spelled.filter((text) => text !== '').toSorted((one, other) => other.length - one.length);
  return maskSecrets(longestFirst.reduce((text, value) => text.replaceAll(value, MASK), patch));
}

const MASK = '***';
/** Names of environment variables of other servers: `"GITHUB_TOKEN": …`, `SENTRY_DSN = …`. */
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
/** `NAME=`, `--name=` and `Name: `, in a text that goes on. */
const ASSIGNED = /([\w.-]+)(?:=|:\s)(?=.)/g;
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[\w+/=.~-]{20,}$/;

/** The diff with `***` in place of every quoted text that looks like a secret, and of every known token. */
export function maskSecrets(diff: string): string {
  return diff
    .split('\n')
    .map((line) => (/^(?:---|\+\+\+|@@)/.test(line) ? line : line.slice(0, 1) + maskLine(line.slice(1))))
    .join('\n');
}

function maskLine(line: string): string {
  const named = line.replace(
    /(["']?)([\w.-]+)\1(\s*[:=]\s*)"((?:[^"\\]|\\.)*)"/g,
    (whole, quote: string, key: string, between: string, value: string) =>
      value !== '' && (mayNameSecret(key) || VARIABLE.test(key)) ? `${quote}${key}${quote}${between}"${MASK}"` : whole,
  );
  const quoted = named.replace(/"((?:[^"\\]|\\.)*)"/g, (_whole, value: string) => `"${maskQuoted(value)}"`);
  return maskTokens(quoted);
}

const mayNameSecret = (name: string): boolean => ['secret', 'unclear'].includes(senseOfName(name));

function maskQuoted(value: string): string {
  if (isKnownToken(value) || (RANDOM.test(value) && !value.startsWith('/'))) return MASK;
  const masked = maskTokens(value)
    .replace(/\bBearer\s+\S+/gi, MASK)
    .replace(/(:\/\/[^/:@\s"]*:)[^@/\s"]+@/g, `$1${MASK}@`);
  const assigned = [...masked.matchAll(ASSIGNED)].find(([, name = '']) => mayNameSecret(name));
  return assigned === undefined ? masked : masked.slice(0, assigned.index + assigned[0].length) + MASK;
}

function maskTokens(text: string): string {
  // An escape ends in a letter, which would seem to be the first one of what follows.
  const plain = text.replaceAll(/\\(?:u[\da-f]{4}|.)/gi, (escape) => ' '.repeat(escape.length));
  return knownTokensIn(plain).reduceRight(
    (masked, { start, end }) => masked.slice(0, start) + MASK + masked.slice(end),
    text,
  );
}
