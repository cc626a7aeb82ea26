// Keeps the secrets that a connection was made with out of what its server says: they are searched in the JSON text as they would stand
// there, without parsing it.
import type { ByteFilter } from '../../message/large-reader.ts';

/** Of one connection. */
export interface SecretMask {
  /** For what is no message: lines of stderr, errors. */
  text(text: string): string;
  /** For its messages, which stay JSON; undefined where there is nothing to hide. */
  message: MessageMask | undefined;
}

export interface MessageMask {
  text(message: string): string;
  /** For a message that comes in chunks. */
  open(): ByteFilter;
}

interface Needle {
  text: string;
  bytes: Buffer;
  instead: string;
}

/** Shorter values stand in ordinary text too: hiding them there would break it, and prove nothing. So would a short number. */
const MIN_LENGTH = 6;
const MIN_DIGITS = 8;
const MASK = '***';

/** The same values are hidden wherever a server's words go, so that none is told in one place and not in the other. */
export function createSecretMask(secrets: readonly string[]): SecretMask {
  const hidden = secrets
    .filter((secret) => secret.length >= (isNumber(secret) ? MIN_DIGITS : MIN_LENGTH))
    .sort((a, b) => b.length - a.length);
  const needles = needlesOf(hidden);
  // A text may hold JSON, such as the body of an error or a line of a log.
  const inTexts = [...new Set([...hidden, ...needles.map(({ text }) => text)])].sort((a, b) => b.length - a.length);
  return {
    text: (text) => inTexts.reduce((masked, each) => masked.replaceAll(each, MASK), text),
    message: hidden.length === 0 ? undefined : createMessageMask(needles),
  };
}

/** So many tokens of a kind that came later are hidden: the one in use, and those that are on their way out. */
const MOST_ADDED = 4;

/** What requests carry that comes and goes: the token of an account, and the one that says who asks. One is made anew more often than the other. */
export type TokenKind = 'account' | 'identity';

/** A token of that kind is hidden from now on. */
export type HideToken = (of: TokenKind, token: string) => void;

/** A mask to which values are added as they come: tokens that are refreshed. */
export interface GrowingMask extends SecretMask {
  /** `values`: a token in all its forms. */
  hide(of: TokenKind, values: readonly string[]): void;
}

export function createGrowingMask(secrets: readonly string[]): GrowingMask {
  const added: Record<TokenKind, (readonly string[])[]> = { account: [], identity: [] };
  let mask = createSecretMask(secrets);
  return {
    text: (text) => mask.text(text),
    message: {
      text: (message) => mask.message?.text(message) ?? message,
      open: () => mask.message?.open() ?? { feed: (bytes) => [bytes], end: () => [] },
    },
    hide(of, values) {
      added[of] = [...added[of], values].slice(-MOST_ADDED);
      mask = createSecretMask([...new Set([...secrets, ...added.account.flat(), ...added.identity.flat()])]);
    },
  };
}

const isNumber = (secret: string) => /^[-+.\deE]+$/.test(secret);

function createMessageMask(needles: readonly Needle[]): MessageMask {
  return {
    text(message) {
      let masked = message;
      for (const { text, instead } of needles) if (masked.includes(text)) masked = masked.replaceAll(text, instead);
      return masked;
    },
    open: () => createByteMask(needles),
  };
}

function needlesOf(secrets: readonly string[]): Needle[] {
  const needles = new Map<string, Needle>();
  for (const secret of secrets) {
    for (const text of spellings(secret)) {
      // A number must stay one.
      const instead = isNumber(secret) ? text.replaceAll(/\d/g, '1') : MASK;
      needles.set(text, { text, bytes: Buffer.from(text, 'utf8'), instead });
    }
  }
  // The longest first: of two that begin alike the shorter would leave the rest of the longer.
  return [...needles.values()].sort((a, b) => b.bytes.length - a.bytes.length);
}

/**
 * A value inside of a JSON string, as the usual writers of JSON spell it; also where that string is JSON itself, as tools like to answer. For most
 * tokens all are the same.
 */
function spellings(secret: string): ReadonlySet<string> {
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  const plain = inJson(secret);
  const escape = (text: string, which: RegExp, upper: boolean): string =>
    text.replaceAll(which, (character) => {
      const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
      return `\\u${upper ? hex.toUpperCase() : hex}`;
    });
  const ascii = /[^\x20-\x7e]/g;
  const html = /[<>&'+]|[^\x20-\x7e]/g;
  return new Set([
    plain,
    inJson(plain),
    inJson(escape(plain, ascii, false)),
    inJson(escape(plain, /[<>&]/g, false)),
    plain.replaceAll('/', '\\/'),
    escape(plain, ascii, false),
    escape(plain, ascii, false).replaceAll('/', '\\/'),
    escape(plain, html, false),
    escape(plain, html, true),
    escape(plain, /[<>&]/g, false),
  ]);
}

function createByteMask(needles: readonly Needle[]): ByteFilter {
  /** So much of what came may be the beginning of a secret. */
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1;
  let held: Buffer = Buffer.alloc(0);

  /** `keep`: how many bytes at the end are not given out yet. */
  function take(bytes: Buffer, keep: number): Buffer[] {
    const out: Buffer[] = [];
    const next = needles.map((needle) => bytes.indexOf(needle.bytes));
    let from = 0;
    for (;;) {
      let first: number | undefined;
      for (const [index, at] of next.entries()) {
        if (at >= 0 && (first === undefined || at < (next[first] ?? 0))) first = index;
      }
      const needle = first === undefined ? undefined : needles[first];
      if (first === undefined || needle === undefined) break;
      const at = next[first] ?? 0;
      out.push(bytes.subarray(from, at), Buffer.from(needle.instead));
      from = at + needle.bytes.length;
      for (const [index, each] of needles.entries()) {
        const known = next[index] ?? -1;
        if (known >= 0 && known < from) next[index] = bytes.indexOf(each.bytes, from);
      }
    }
    const end = Math.max(from, bytes.length - keep);
    if (end > from) out.push(bytes.subarray(from, end));
    held = bytes.subarray(end);
    return out.filter((part) => part.length > 0);
  }

  return {
    feed: (bytes) => take(held.length === 0 ? bytes : Buffer.concat([held, bytes]), overlap),
    end: () => take(held, 0),
  };
}
