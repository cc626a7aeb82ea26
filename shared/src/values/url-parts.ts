// The parts of a URL that may hold a secret: user, password, the segments of its path, its parameters. URLs are read as people write them, not
// as RFC 3986 has them: with `#`, `/` or `@` in a password, with `jdbc:` before the scheme, with parameters after `;`.
import { asItIs, type Part, type Spot, type SpotKind, type Spelling, type Structure } from './spot.ts';
import { withoutPlaceholders } from './secret-reference.ts';

const SCHEME = /^(?:[a-z][a-z0-9+.-]*:)*\/\/|^(?:[a-z][a-z0-9+.-]*:)+\/\//i;
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?(?=[/?#;,]|$)/i;

/** Undefined where the text is no URL. */
export function urlParts(text: string, spot: Spot): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const scheme = SCHEME.exec(shape)?.[0];
  if (scheme === undefined || scheme === '//') return undefined;
  if (/\s/.test(shape) && !/^[^\s/:@]*:[^\n@/]*@[\w.-]+(?:[:/?][^\s]*)?$/.test(shape.slice(scheme.length)))
    return undefined;
  const base = spot.name === '' ? 'argument' : spot.name;
  const parts: Part[] = [];
  const add = (start: number, end: number, kind: SpotKind, name: string, label: string, spelling: Spelling): void => {
    if (end > start) parts.push({ start, end, spot: { kind, name, label, host }, spelling });
  };
  const at = scheme.length + userEnd(shape.slice(scheme.length), /^(https?|wss?|git|ssh|ftp)/i.test(scheme));
  const hostStart = at > scheme.length ? at : scheme.length;
  const host = /^[^/?#;]*/.exec(shape.slice(hostStart))?.[0] ?? '';
  if (at > scheme.length) {
    const colon = shape.slice(scheme.length, at - 1).indexOf(':');
    const nameEnd = colon === -1 ? at - 1 : scheme.length + colon;
    add(scheme.length, nameEnd, 'url-user', base, 'user of the URL', component('a URL’s user'));
    if (colon !== -1)
      add(nameEnd + 1, at - 1, 'url-password', `${base}-password`, 'password of the URL', component('a URL'));
  }
  const rest = hostStart + host.length;
  // `jdbc:sqlserver://host;password=a?b#c`: behind the first semicolon nothing else is a separator.
  const isListed = /^jdbc:/i.test(scheme) && shape.charAt(rest) === ';';
  const hash = isListed ? shape.length : positionOf(shape, '#', rest);
  const question = isListed ? shape.length : Math.min(positionOf(shape, '?', rest), hash);
  const semicolon = Math.min(positionOf(shape, ';', rest), question);
  eachPiece(shape, rest, semicolon, /\//g, (start, end) =>
    add(start, end, 'url-path', `${base}-path`, 'path of the URL', component('a URL’s path')),
  );
  const parameters = (from: number, to: number, separator: RegExp, spelling: Spelling): void =>
    eachPiece(shape, from, to, separator, (start, end) => {
      const equals = shape.slice(start, end).indexOf('=');
      if (equals === -1) return;
      const name = text.slice(start, start + equals);
      add(start + equals + 1, end, 'url-query', name, `URL parameter ${name}`, spelling);
    });
  const listed = asItIs('a parameter after “;”', (value) => !/[;{}\s]/.test(value));
  parameters(semicolon, question, /;(?![^{}]*\}(?:;|$))/g, listed);
  parameters(question + 1, hash, /&/g, component('a URL’s query'));
  parameters(hash + 1, shape.length, /&/g, component('a URL’s fragment'));
  return { parts, between: asItIs('a URL’s host', (value) => /^[\w.-]+(?::\d+)?$/.test(value)) };
}

/** Percent-encoding, as `encodeURIComponent` does it. `where`: for people, as in `Spelling`. */
export function component(where: string): Spelling {
  return {
    where,
    decode(raw) {
      try {
        return decodeURIComponent(raw);
      } catch {
        return undefined;
      }
    },
    encode: (value) => (value.includes('\0') ? undefined : encodeURIComponent(value)),
  };
}

/** Index behind the `@` that ends user and password; 0 where there is none. `rest`: the URL behind its scheme. */
function userEnd(rest: string, isWeb: boolean): number {
  const strictEnd = /[/?#]|$/.exec(rest)?.index ?? rest.length;
  const strict = rest.slice(0, strictEnd).lastIndexOf('@');
  let lenient = -1;
  for (let at = rest.indexOf('@'); at !== -1; at = rest.indexOf('@', at + 1)) {
    if (HOST.test(rest.slice(at + 1))) lenient = at;
  }
  const authority = rest.slice(0, strictEnd);
  if (strict === -1) {
    // `app:pa/ss@host`: the text behind the colon is no port, so it is a password.
    return /^[^:[\]]*:(?!\d*$)/.test(authority) && lenient !== -1 ? lenient + 1 : 0;
  }
  if (lenient <= strict || !authority.slice(0, strict).includes(':')) return strict + 1;
  const host = authority.slice(strict + 1);
  const isHost = /[.:]/.test(host) || host === 'localhost';
  return isWeb && isHost ? strict + 1 : lenient + 1;
}

function positionOf(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? text.length : at;
}

/** Calls `take` with each piece between `separator`s. */
function eachPiece(
  text: string,
  from: number,
  to: number,
  separator: RegExp,
  take: (start: number, end: number) => void,
): void {
  if (from >= to) return;
  let start = from;
  for (const { index, 0: found } of text.slice(from, to).matchAll(separator)) {
    take(start, from + index);
    start = from + index + found.length;
  }
  take(start, to);
}
