// Brings all spellings of a URI that a server may take for the same resource to one spelling, so that no rule is got around by another spelling.
// Equal are the spellings that RFC 3986, section 6.2.2 calls so (letter case, percent-encoding, dot segments), and those that servers are known
// to treat alike: encoded twice, `\` for `/`, several `/` for one, with or without a default port, an empty host, a name before an `@`. The policy
// judges these spellings beside the URI that was sent; they are never sent.

import { normalHost } from './normal-host.ts';

/** Stand for a `*` and a `?` that are characters of a URI, because both are wildcards in a rule. */
const STAR = '\ue02a';
const QUERY = '\ue03f';
const MAX_ROUNDS = 8;
/** URL parsers after the WHATWG standard ignore these anywhere in a URL, and blanks and control characters at both ends. */
const PASSED_OVER = /[\t\n\r]/g;
const AT_ENDS = /^[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+|[\p{Z}\p{Default_Ignorable_Code_Point}]+$/gu;
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['ws', '80'],
  ['https', '443'],
  ['wss', '443'],
  ['ftp', '21'],
]);

/** Spellings of one resource that the rules must be asked about. */
export interface UriSpellings {
  /** What other servers may take the URI for. It is allowed only where each of these is allowed too. */
  readonly normal: readonly string[];
  /** Shorter forms (without fragment, query, the `/` at the end). It is denied where one of these is denied. */
  readonly denied: readonly string[];
}

const NONE: UriSpellings = { normal: [], denied: [] };
/** A URI that all servers read alike. A host whose last label is a number is left out: that is an address, which has many spellings. */
const PLAIN =
  /^(?:file:\/\/(?=\/)|(?!\S*file:)[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9-]+\.)*(?!\d+\/|0x[0-9a-f]*\/)[a-z0-9-]+)(?:\/[\w~!$&'()+,=@{}-][\w.~!$&'()+,=@{}-]*)+$/;

/** The spellings to be judged besides `uri` itself. */
export function uriSpellings(uri: string): UriSpellings {
  if (PLAIN.test(uri)) return NONE;
  const joins = PERCENT.test(uri) ? JOINS : [AS_IT_STANDS];
  const whole = joins.flatMap((join) => readings(plainly(uri, join)));
  const cuts = joins.flatMap((join) => cutsOf(uri, join));
  // Servers differ in where they see the path end; dot segments behind that end do not shorten the path.
  const heads = cuts.flatMap(({ head }) => readings(head));
  const normal = [...whole, ...cuts.flatMap(({ head, tail }) => readings(head).map((each) => each + tail))];
  const denied = [...normal, ...heads].flatMap(shorterOf);
  const others = (texts: readonly string[]) => [...new Set(texts)].filter((text) => text !== uri);
  return { normal: others(normal), denied: others(denied).filter((text) => !normal.includes(text)) };
}

interface Cut {
  readonly head: string;
  /** The rest, from the mark on; empty behind a NUL, where a server written in C sees the text end. */
  readonly tail: string;
}

/** All positions at which a server may cut the URI at a `#`, a `?` or a NUL: some look for them before they decode the text, some afterwards. */
function cutsOf(uri: string, join: Join): readonly Cut[] {
  const cuts = new Map<string, Cut>();
  for (const text of roundsOf(uri, fromBytes, join)) {
    const ends = ['#', '?', '\0'].map((mark) => text.indexOf(mark)).filter((at) => at >= 0);
    for (const at of ends) {
      const head = plainly(text.slice(0, at), join);
      const tail = text.charAt(at) === '\0' ? '' : plainly(text.slice(at), join);
      cuts.set(`${head}\0${tail}`, { head, tail });
    }
  }
  return [...cuts.values()];
}

/** Some servers take `\` for `/` everywhere, others do not see the end of the authority in it. */
function readings(text: string): readonly string[] {
  const own = text.replace(/^<?(?:url:)+/i, '');
  return [...new Set([own.replaceAll('\\', '/'), own])].map(normalised);
}

/** The shorter forms of a spelling: without fragment, query and a `/` at the end, without `;` parameters, and a file's URI without its host. */
function shorterOf(normal: string): readonly string[] {
  const ends = [normal.indexOf('#'), normal.indexOf(QUERY)].filter((at) => at >= 0);
  let forms = new Set([normal, ...ends.map((at) => normal.slice(0, at))]);
  // Each expression is only tried where it can match, and on no text twice: a URI may be long.
  const add = (shorter: (text: string) => string): void => {
    forms = new Set([...forms].flatMap((text) => [text, shorter(text)]));
  };
  add((text) => (text.includes(';') ? text.replace(/;[^/]*/g, '') : text));
  add((text) => (text.includes('file://') ? text.replace(FILE_OF_HOST, '$1') : text).replace(NO_SCHEME, 'file:///'));
  add((text) => (text.endsWith('/') ? text.replace(/(?<=[^/:])\/+$/, '') : text));
  return [...forms];
}

/** A server may look at a file's path alone, without its host or scheme. */
const FILE_OF_HOST = /^((?:[a-z0-9+.-]+\+)?file:\/\/)[^/]+(?=\/)/;
const NO_SCHEME = /^\/+/;

/** Brings a rule's glob over URIs to the same spelling as the URIs. */
export function normalGlob(glob: string): string {
  const own = decoded(glob, (run) => marked(fromBytes(run)));
  // An encoded `*` or `?`, or another form of one (full-width), is no wildcard.
  const plain = own.replace(/[^*?]+/g, (part) => marked(part.normalize('NFKC')));
  return normalised(plain.replaceAll('\\', '/'));
}

/** A spelling as people can read it. */
export function readableUri(spelling: string): string {
  return spelling.replaceAll(STAR, '*').replaceAll(QUERY, '?').replaceAll('\0', '%00');
}

const plainly = (text: string, join: Join): string => marked(decoded(text, fromBytes, join).normalize('NFKC'));

/** Decodes percent-encoding again and again, until none is left (8 times at most). */
function decoded(text: string, decode: (run: string) => string, join = AS_IT_STANDS): string {
  const last = roundsOf(text, decode, join).at(-1) ?? text;
  return last.replace(PASSED_OVER, '').replace(AT_ENDS, '');
}

/** The text as it is, and after each time that it is decoded. */
function roundsOf(text: string, decode: (run: string) => string, join: Join): readonly string[] {
  const rounds = [join(text)];
  for (let last = join(text); rounds.length <= MAX_ROUNDS;) {
    const next = join(last.replace(UTF16_ENCODED, (_, hex: string) => decode(asBytes(hex))).replace(ENCODED, decode));
    if (next === last) break;
    rounds.push(next);
    last = next;
  }
  return rounds;
}

/** How a server prepares a text before it decodes it. */
type Join = (text: string) => string;
const AS_IT_STANDS: Join = (text) => text;
/** A percent sign, or a character that NFKC turns into one. */
const PERCENT = /[%\uff05\ufe6a]/;
const BETWEEN = '[\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}]*';
const BROKEN = new RegExp(`%${BETWEEN}(u?)${BETWEEN}([0-9a-f])${BETWEEN}([0-9a-f])`, 'giu');
/** As it stands; without tabs and line breaks (WHATWG); in NFKC, with everything removed that stands between a percent sign and its digits. */
const JOINS: readonly Join[] = [
  AS_IT_STANDS,
  (text) => text.replace(PASSED_OVER, ''),
  (text) => text.normalize('NFKC').replace(BROKEN, '%$1$2$3'),
];

const ENCODED = /(?:%[0-9a-f]{2})+/gi;
/** The form that JavaScript's `escape` writes and some servers decode. */
const UTF16_ENCODED = /%u([0-9a-f]{4})/gi;

const asBytes = (hex: string): string =>
  Buffer.from(String.fromCharCode(Number.parseInt(hex, 16)))
    .toString('hex')
    .replace(/../g, '%$&');

const marked = (text: string): string => text.replaceAll('*', STAR).replaceAll('?', QUERY);

function fromBytes(run: string): string {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  // The bytes are not UTF-8: decodes the ASCII characters among them, also in the overlong form that lax decoders accept.
  let out = '';
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const long = overlong(bytes, at);
    out += byte < 0x80 ? String.fromCharCode(byte) : (long?.character ?? `%${byte.toString(16).toUpperCase()}`);
    at += long?.length ?? 1;
  }
  return out;
}

/** Reads an ASCII character that is encoded in two to six bytes, more than it needs; undefined where there is none at `at`. */
function overlong(bytes: Uint8Array, at: number): { character: string; length: number } | undefined {
  const lead = bytes[at] ?? 0;
  const length = Math.clz32(~(lead << 24));
  if (length < 2 || length > 6) return undefined;
  let code = lead & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const next = bytes[at + index] ?? 0;
    if ((next & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (next & 0x3f);
  }
  return code < 0x80 ? { character: String.fromCharCode(code), length } : undefined;
}

function normalised(text: string): string {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? '';
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  // In `SERVER+file:` and `git+https:` the last part says how the rest is read.
  const kind = scheme.slice(scheme.lastIndexOf('+') + 1);
  // URIs of these schemes have a host, however many slashes stand before it (WHATWG URL, "special authority ignore slashes state").
  const isSpecial = DEFAULT_PORTS.has(kind);
  const authority = (isSpecial ? SPECIAL : GENERIC).exec(rest);
  const head = scheme === '' ? '' : `${scheme}:`;
  if (authority === null) {
    const isFile = kind === 'file' && !/^[*?]/.test(rest);
    return isFile ? `${head}///${pathOf(rest).replace(/^\//, '')}` : head + pathOf(rest);
  }
  const host = hostOf(authority[1] ?? '', kind);
  const path = pathOf(rest.slice(authority[0].length));
  const isOpen = /[*?]$/.test(host);
  // `file://` is the root of all files.
  const isWithoutPath = (isSpecial || kind === 'file') && !isOpen && HAS_NO_PATH.test(path);
  return `${head}//${host}${isWithoutPath ? '/' : ''}${path}`;
}

const SPECIAL = /^\/*([^/#?\ue03f]*)/;
const GENERIC = /^\/\/([^/#?\ue03f]*)/;
const HAS_NO_PATH = /^(?:$|[#\ue03f])/;

function hostOf(authority: string, kind: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  const [, name = host, digits = ''] = /^(.*?):0*(\d*)$/.exec(host) ?? [];
  if (kind === 'file') {
    const plain = host.replace(/[:.]+$/, '');
    return plain === 'localhost' || plain === '127.0.0.1' ? '' : plain;
  }
  const standard = DEFAULT_PORTS.get(kind);
  if (standard === undefined) return host.replace(/[:.]+$/, '');
  return normalHost(name) + (digits === '' || digits === standard ? '' : `:${digits}`);
}

/** Blanks and invisible characters: `.. ` is `..` to some systems. */
const NOT_SHOWN = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** Removes dot segments and empty ones, also behind a `?`, which a server may take for a part of the path. */
function pathOf(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  const isAbsolute = slashed.startsWith('/');
  const kept: string[] = [];
  const segments = slashed.split('/');
  for (const [index, segment] of segments.entries()) {
    const name = segment.split(';', 1)[0]?.replace(NOT_SHOWN, '');
    const isLast = index === segments.length - 1;
    if (name === '..') kept.pop();
    else if (name !== '.' && segment !== '') kept.push(segment);
    if (isLast && (segment === '' || name === '.' || name === '..')) kept.push('');
  }
  return (isAbsolute ? '/' : '') + kept.join('/');
}
