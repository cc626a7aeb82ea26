// Lists the texts that the mask replaces for one connection: each secret, its longer lines, and the encoded forms of these (percent-encoding,
// Base64). Plain words, such as `postgres`, and words that stand openly in the record are left out.
import type { Transport } from '../../domain/transports/transports.ts';
import { isPlainName } from 'mcpgate-shared/values/plain-word';
import { openTextsOf } from '../../domain/transports/transport-texts.ts';

/** Shorter ones stand in ordinary text too. */
const MIN_LINE = 8;
const MIN_BASE64 = 12;
/** Of Base64 in mails (and of the command `base64`), and in PEM files. */
const LINE_LENGTHS = [76, 64];

/** Each once, without what is no secret. */
export function hiddenIn(transport: Transport, secrets: readonly string[]): string[] {
  const open = openTextsOf(transport);
  const hidden = secrets.filter((secret) => !isPlainName(secret) && !open.some((text) => isOpenWord(text, secret)));
  return [...new Set(hidden.flatMap(formsOf))];
}

/** As a word of its own; what looks like chance is no word. */
function isOpenWord(text: string, secret: string): boolean {
  if (secret.length >= 20 && /\d/.test(secret)) return false;
  for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
    const around = text.slice(Math.max(0, at - 1), at) + text.slice(at + secret.length, at + secret.length + 1);
    if (!/[A-Za-z0-9]/.test(around)) return true;
  }
  return false;
}

function formsOf(secret: string): string[] {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_LINE && !line.startsWith('-----') && !isPlainName(line));
  const bases = new Set([secret, decoded(secret), passwordOf(secret), ...lines]);
  return [
    ...[...bases].flatMap((base) => [base, ...urlForms(base), ...base64Forms(base)]),
    ...LINE_LENGTHS.flatMap((length) => base64Lines(secret, length)),
  ];
}

/** As the usual writers of URLs, forms and paths encode it. For most tokens all are the same. */
function urlForms(text: string): string[] {
  const component = encodeURIComponent(text);
  // RFC 3986, as Python, Java, Go and curl read it.
  const strict = component.replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [
    component,
    strict,
    strict.replaceAll('%2F', '/'),
    strict.replaceAll('%20', '+'),
    new URLSearchParams([['', text]]).toString().slice(1),
    encodeURI(text),
  ];
  return forms.flatMap((form) => [form, form.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase())]);
}

/** As `base64` and `openssl base64` print what is longer than a line: each line. */
function base64Lines(secret: string, length: number): string[] {
  const text = Buffer.from(secret, 'utf8').toString('base64');
  if (text.length <= length) return [];
  const lines = text.match(new RegExp(`.{1,${length}}`, 'g')) ?? [];
  return lines.filter((line) => line.length >= MIN_BASE64);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of `user:password` in Base64, as `Authorization: Basic` has it. */
function passwordOf(text: string): string {
  if (!/^[A-Za-z0-9+/]{8,}={0,2}$/.test(text)) return text;
  const plain = Buffer.from(text, 'base64').toString('utf8');
  const password = plain.slice(plain.indexOf(':') + 1);
  return /^[\x20-\x7e]{8,}$/.test(password) && plain.includes(':') ? password : text;
}

/** The letters that stand for the secret alone, wherever it begins within what is encoded. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < MIN_BASE64) return [];
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isWhole = (offset + bytes.length) % 3 === 0;
    const own = text.slice([0, 2, 3][offset], isWhole ? undefined : -1);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
