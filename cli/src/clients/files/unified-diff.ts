// Shows what would change in a client's file, as `diff -u` prints it, with secrets masked: the diff is shown in terminals and logs, and its context
// lines may contain tokens of other programs.
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

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
const SECRET_KEY = /token|secret|passw|passphrase|credential|api[-_]?key|auth|cookie|private[-_]?key/i;
/** Names of environment variables of other servers: `"GITHUB_TOKEN": …`, `SENTRY_DSN = …`. */
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
const KNOWN =
  /\b(?:gh[a-z]_|github_pat_|glpat-|sk-|sntry|xox[a-z]-|mcg_|eyJ|AKIA|AIza|ntn_|secret_)[\w.-]{6,}|\bBearer\s+\S+/gi;
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[\w+/=.~-]{20,}$/;

/** The diff with `***` in place of every quoted text that looks like a secret. */
export function maskSecrets(diff: string): string {
  return diff
    .split('\n')
    .map((line) => (/^(?:---|\+\+\+|@@)/.test(line) ? line : maskLine(line)))
    .join('\n');
}

function maskLine(line: string): string {
  return line
    .replace(
      /(["']?)([\w.-]+)\1(\s*[:=]\s*)"((?:[^"\\]|\\.)*)"/g,
      (whole, quote: string, key: string, between: string, value: string) =>
        value !== '' && (SECRET_KEY.test(key) || VARIABLE.test(key))
          ? `${quote}${key}${quote}${between}"${MASK}"`
          : whole,
    )
    .replace(/"((?:[^"\\]|\\.)*)"/g, (whole, value: string) => {
      if (RANDOM.test(value) && !value.startsWith('/')) return `"${MASK}"`;
      return whole
        .replace(KNOWN, MASK)
        .replace(/(--?[\w-]*(?:token|secret|password|key)[\w-]*=)[^"]+/gi, `$1${MASK}`)
        .replace(/(:\/\/[^/:@\s"]*:)[^@/\s"]+@/g, `$1${MASK}@`);
    });
}
