// Masks what looks like a secret within a text: tokens of known formats wherever they stand, passwords in URLs, what follows `Bearer` and `Basic`, and
// what a name or a flag of a secret is given. A password that stands alone cannot be told from other words, nor can one that is joined to a flag of one
// letter (`-phunter2`).
//
// Each search here goes through a text once, so a text of n characters costs n; how long a text may be whoever asks decides.
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { knownTokensIn } from 'mcpgate-shared/entries/token-formats';
import { urlParts } from 'mcpgate-shared/values/url-parts';

export const MASK = '***';

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)/g;
const REST_OF_TOKEN = /[\w=~+-]*/y;
const AUTHORITY = /(:\/\/[^\s/?#@:"'<>]*:)[^\s/?#@"'<>]+@/g;
const BEHIND_SCHEME = /:\/\/[^\s"'`<>]+/g;
const SCHEME_BEFORE = /[a-z][a-z\d+.:-]*$/i;
const SCHEME_CHARS = 40;
/** The user of a URL that is as long is none that people have. */
const LONG_USER = 20;
const CREDENTIALS = /\b(bearer|basic)((?:\s|%20|\+){1,4})([\w.~+/=-]{6,})/gi;
const NAMED =
  /([A-Za-z][\w.-]{0,80})(\\{0,4}["']?\s{0,3}[=:]\s{0,3})(?:(\\{0,4}["'])([^"'\\]+)|((?:(?:bearer|basic|token|digest)\s{1,3})?[^\s"'\\&,;<>]+))/gi;
const FLAG = /(--?[A-Za-z][\w-]{1,80})(\s{1,3})([^\s-]\S*)/g;
/** What a program has behind a name and that is no secret: a type, a variable, a call. */
const CODE =
  /^(?:(?:string|str|number|int|bool|boolean|null|none|nil|undefined|true|false|unknown|any|\*+)[;,)\]}|]*$|\$[A-Z_]+$|\$[{(]|process\.env|os\.(?:environ|getenv)|[A-Za-z_][\w.]*\()/i;

/** `text` with `***` in place of what looks like a secret. */
export function maskedText(text: string): string {
  if (text.length < 6) return text;
  const plain = withoutTokens(text.replace(PRIVATE_KEY, MASK), () => true);
  return withoutUrlSecrets(plain)
    .replace(NAMED, (whole, name: string, between: string, quote: string | undefined, quoted: string, bare: string) =>
      senseOfName(name) !== 'secret' || CODE.test(quote === undefined ? bare : quoted)
        ? whole
        : `${name}${between}${quote ?? ''}${MASK}`,
    )
    .replace(FLAG, (whole, flag: string, between: string) =>
      senseOfName(flag) === 'secret' ? `${flag}${between}${MASK}` : whole,
    )
    .replace(CREDENTIALS, (whole, scheme: string, between: string, value: string) =>
      isCredential(scheme, value) ? `${scheme}${between}${MASK}` : whole,
    );
}

/** As long as this a token is one without a digit, too. */
const LONG_KEY = 30;

/** A key of an object: names have the form of some tokens, but no digits as tokens have. */
export function maskedKey(key: string): string {
  // Nearly all keys of calls end here, before anything is looked for.
  if (key.length < 10 || (key.length < LONG_KEY && !/\d|:\/\//.test(key))) return key;
  return withoutUrlSecrets(withoutTokens(key, (found) => /\d/.test(found) || found.length >= LONG_KEY));
}

function withoutTokens(text: string, isToken: (found: string) => boolean): string {
  let masked = '';
  let from = 0;
  for (const { start, end } of knownTokensIn(text)) {
    if (start < from || !isToken(text.slice(start, end))) continue;
    REST_OF_TOKEN.lastIndex = end;
    const rest = REST_OF_TOKEN.exec(text)?.[0] ?? '';
    masked += text.slice(from, start) + MASK;
    from = end + rest.length;
  }
  return masked + text.slice(from);
}

function withoutUrlSecrets(text: string): string {
  if (!text.includes('://')) return text;
  const plain = text.replace(AUTHORITY, `$1${MASK}@`);
  let masked = '';
  let from = 0;
  for (const { index, 0: found } of plain.matchAll(BEHIND_SCHEME)) {
    const before = plain.slice(Math.max(from, index - SCHEME_CHARS), index);
    const start = index - (SCHEME_BEFORE.exec(before)?.[0].length ?? 0);
    const url = plain.slice(start, index + found.length);
    const parts = urlParts(url, { kind: 'argument', name: '', label: '' })?.parts ?? [];
    const hasPassword = parts.some(({ spot }) => spot.kind === 'url-password');
    for (const part of parts) {
      const isSecret =
        part.spot.kind === 'url-password' ||
        (part.spot.kind === 'url-user' && !hasPassword && part.end - part.start >= LONG_USER);
      if (!isSecret) continue;
      masked += plain.slice(from, start + part.start) + MASK;
      from = start + part.end;
    }
  }
  return masked + plain.slice(from);
}

/** Not in “basic understanding”, nor in “bearer authentication”. */
function isCredential(scheme: string, value: string): boolean {
  if (value.length >= 24 || /[=\d]/.test(value)) return true;
  return scheme.toLowerCase() === 'basic' && Buffer.from(value, 'base64').includes(':');
}
