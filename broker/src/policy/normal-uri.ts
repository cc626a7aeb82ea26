// One spelling for all spellings of a URI that some reader takes for the same: what RFC 3986, section 6.2.2 has for equal (letter case,
// percent-encoding, dot segments), and what readers are known to do besides: decode again, take `\` for `/`, several `/` for one, leave
// out a default port, an empty host or the name before an `@`. It is to be judged beside what was sent, never to be sent.

/** Stand for characters of a URI that are wildcards in a rule. */
const STAR = '\ue02a';
const QUERY = '\ue03f';
const MAX_ROUNDS = 8;
/** WHATWG readers pass over these wherever they stand, and over blanks and controls at both ends. */
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
  /** What every reader of another mind may take it for: an allow must hold for each of these too. */
  readonly normal: readonly string[];
  /** What a deny is asked about besides: without fragment, query and the `/` at its end. */
  readonly denied: readonly string[];
}

const NONE: UriSpellings = { normal: [], denied: [] };
/** Nothing in it is read in two ways. */
const PLAIN =
  /^(?:file:\/\/(?=\/)|(?!\S*file:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]*[a-z0-9-])(?:\/[\w~!$&'()+,=@{}-][\w.~!$&'()+,=@{}-]*)+$/;

/** Those that differ from `uri` itself. */
export function uriSpellings(uri: string): UriSpellings {
  if (PLAIN.test(uri)) return NONE;
  const read = decoded(uri, false).replaceAll('*', STAR).replaceAll('?', QUERY);
  // A reader in C ends it at a NUL.
  const nul = read.indexOf('\0');
  const normal = [read, ...(nul < 0 ? [] : [read.slice(0, nul)])].map(normalised);
  const denied = normal.flatMap((text) => {
    const ends = [text.indexOf('#'), text.indexOf(QUERY)].filter((at) => at >= 0);
    const shorter = [...ends.map((at) => text.slice(0, at)), text.slice(0, Math.min(text.length, ...ends))];
    return [text, ...shorter].flatMap((each) => [each, each.replace(/(?<=[^/:])\/+$/, '')]);
  });
  const others = (texts: readonly string[]) => [...new Set(texts)].filter((text) => text !== uri);
  return { normal: others(normal), denied: others(denied).filter((text) => !normal.includes(text)) };
}

/** The same spelling of a rule's glob over URIs. */
export function normalGlob(glob: string): string {
  return normalised(decoded(glob, true));
}

/** For people: what a spelling says. */
export function readableUri(spelling: string): string {
  return spelling.replaceAll(STAR, '*').replaceAll(QUERY, '?').replaceAll('\0', '%00');
}

/** Percent-encoding is resolved until nothing is left of it. `isGlob`: what is decoded is no wildcard. */
function decoded(text: string, isGlob: boolean): string {
  let last = text;
  for (let round = 0; round < MAX_ROUNDS && last.includes('%'); round++) {
    const next = last.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      const plain = fromBytes(run);
      return isGlob ? plain.replaceAll('*', STAR).replaceAll('?', QUERY) : plain;
    });
    if (next === last) break;
    last = next;
  }
  return last.replace(PASSED_OVER, '').replace(AT_ENDS, '').normalize('NFKC').replaceAll('\\', '/');
}

function fromBytes(run: string): string {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  // No UTF-8: single characters all the same, and those in the overlong form that lax decoders take.
  let out = '';
  for (let at = 0; at < bytes.length; at++) {
    const [byte, after] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    if (byte < 0x80) out += String.fromCharCode(byte);
    else if ((byte === 0xc0 || byte === 0xc1) && (after & 0xc0) === 0x80) {
      out += String.fromCharCode(((byte & 1) << 6) | (after & 0x3f));
      at++;
    } else out += `%${byte.toString(16).toUpperCase()}`;
  }
  return out;
}

function normalised(text: string): string {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? '';
  const rest = scheme === '' ? text : text.slice(scheme.length + 1);
  // `SERVER+file:` and `git+https:` are read by what stands last.
  const kind = scheme.slice(scheme.lastIndexOf('+') + 1);
  // These have a host however many slashes stand before it (WHATWG URL, "special authority ignore slashes state").
  const authority = (DEFAULT_PORTS.has(kind) ? SPECIAL : GENERIC).exec(rest);
  const head = scheme === '' ? '' : `${scheme}:`;
  if (authority === null) {
    const isFile = kind === 'file' && !/^[*?]/.test(rest);
    return isFile ? `${head}///${pathOf(rest).replace(/^\/+/, '')}` : head + pathOf(rest);
  }
  const host = hostOf(authority[1] ?? '', kind);
  const path = pathOf(rest.slice(authority[0].length));
  const isOpen = /[*?]$/.test(host);
  return `${head}//${host}${path === '' && DEFAULT_PORTS.has(kind) && !isOpen ? '/' : path}`;
}

const SPECIAL = /^\/*([^/#?\ue03f]*)/;
const GENERIC = /^\/\/([^/#?\ue03f]*)/;

function hostOf(authority: string, kind: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  const port = DEFAULT_PORTS.get(kind);
  const plain = port !== undefined && host.endsWith(`:${port}`) ? host.slice(0, -port.length - 1) : host;
  const name = plain.replace(/[:.]+$/, '');
  return kind === 'file' && (name === 'localhost' || name === '127.0.0.1') ? '' : name;
}

/** Without dot segments and empty ones, wherever they stand: what is behind a `?` a reader may take for a part of the path. */
function pathOf(path: string): string {
  const isAbsolute = path.startsWith('/');
  const kept: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const name = segment.split(';', 1)[0];
    const isLast = index === segments.length - 1;
    if (name === '..') kept.pop();
    else if (name !== '.' && segment !== '') kept.push(segment);
    if (isLast && (segment === '' || name === '.' || name === '..') && kept.length > 0) kept.push('');
  }
  const isRoot = isAbsolute && kept.length === 0;
  return isRoot ? '/' : (isAbsolute ? '/' : '') + kept.join('/');
}
