// Values that are a list of `name=value`: connection strings, cookies, lines of a .env file, headers after a comma, or a single pair.
import { asItIs, type Part, type Place, type Spelling, type Structure } from './place.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { component, eachPiece } from './url-parts.ts';

type Piece = readonly [start: number, end: number];

interface Kind {
  /** Of the whole value; undefined where it is no such list. */
  pieces(shape: string): readonly Piece[] | undefined;
  spelling: Spelling;
}

function separated(form: RegExp, separator: RegExp): Kind['pieces'] {
  return (shape) => {
    if (!form.test(shape)) return undefined;
    const pieces: Piece[] = [];
    eachPiece(shape, 0, shape.length, separator, (start, end) => pieces.push([start, end]));
    return pieces;
  };
}

/** Of a connection string: what is quoted or in braces may hold a semicolon. */
const SETTING =
  /\s*[A-Za-z_][\w .-]*=\s*(?:(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\})(?=\s*(?:;|$))|[^;]*)(?:;\s*|$)/y;

function settings(shape: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  const next = new RegExp(SETTING);
  while (next.lastIndex < shape.length) {
    const start = next.lastIndex;
    const found = next.exec(shape)?.[0];
    if (found === undefined) return undefined;
    pieces.push([start, start + found.replace(/;\s*$/, '').length]);
  }
  return pieces;
}

const unless = (where: string, bad: RegExp): Spelling => asItIs(where, (value) => !bad.test(value));

const LISTS: readonly Kind[] = [
  {
    pieces: separated(
      /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[^\n]*(?:\n[ \t]*(?:#[^\n]*|\r|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[^\n]*)?)+$/,
      /\r?\n/g,
    ),
    spelling: unless('a line of its own', /[\r\n]/),
  },
  {
    pieces: settings,
    spelling: unless('a list with “;”', /[;'"{}\r\n]|^\s|\s$/),
  },
  {
    pieces: separated(/^[A-Za-z_][\w.-]*=[^&\s]*(?:&[A-Za-z_][\w.-]*=[^&\s]*)+$/, /&/g),
    spelling: component('a query'),
  },
  {
    pieces: separated(/^[A-Za-z_][\w.-]*=[^,\s]*(?:,\s*[A-Za-z_][\w.-]*=[^,]*)+$/, /,/g),
    spelling: unless('a list with “,”', /[,\r\n]/),
  },
  {
    pieces: separated(
      /^[A-Za-z_]\w*=(?:'[^']*'|(?:\\.|[^\s\\])*)(?:\s+[A-Za-z_]\w*=(?:'[^']*'|(?:\\.|[^\s\\])*))+\s*$/,
      /\s+(?=[A-Za-z_]\w*=)/g,
    ),
    spelling: unless('a list with blanks', /[\s'\\]/),
  },
];

const PAIR = /^(\s*(?:export\s+|set\s+)?)([A-Za-z_][\w .-]*?)(\s*=\s*)(.+)$/s;

/** Undefined where it is no list of at least two pairs, or (`orOne`) one. */
export function pairParts(text: string, place: Place, orOne: boolean): Structure | undefined {
  const shape = withoutPlaceholders(text);
  for (const { pieces, spelling } of LISTS) {
    const parts = (pieces(shape) ?? []).flatMap(
      ([start, end]) => pairPart(shape.slice(start, end), text.slice(start, end), start, place, spelling) ?? [],
    );
    if (parts.length > 1 || (parts.length === 1 && orOne)) return { parts, between: asItIs('a list') };
  }
  if (!orOne) return undefined;
  const only = pairPart(shape, text, 0, place, asItIs(place.label));
  return only === undefined ? undefined : { parts: [only], between: asItIs('a list') };
}

/** With a host and its port nothing else is meant: `user:password@host:1`, `user/password@host:1`, `host:1:[database:]user:password`. */
const AT_HOST: readonly RegExp[] = [
  /^(?!(?:mailto|sips?|npm|git\w*|docker|oci|https?):)[\w.%+-]+:([^\s/]+)@[\w.-]+:\d{2,5}(?:[/?]\S*)?$/d,
  /^(?:jdbc:oracle:\w+:)?[\w.$#-]+\/([^\s/]+)@(?:\/\/)?(?!sha\d)[\w.-]+:\d{2,5}(?:[:/][\w.]+)*$/d,
  /^(?=[^:]*[a-z.])[\w.-]+:\d{2,5}(?::[\w.*-]+){1,2}:([^\s:/]\S*)$/di,
];

/** `user:password`, where the name says that it is one, or the host behind it. */
export function loginParts(text: string, place: Place): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const [start, end] = AT_HOST.map((form) => form.exec(shape)?.indices?.[1]).find((each) => each !== undefined) ?? [];
  if (start !== undefined && end !== undefined) {
    const inner: Place = {
      kind: 'url-password',
      name: `${place.name || 'login'}-password`,
      label: `${place.label}, password`,
    };
    const spelling = unless('a login before a host', /[\s@/]/);
    return { parts: [{ start, end, place: inner, spelling }], between: asItIs(place.label) };
  }
  if (!/(?:^|[^a-z])(?:u|user|auth|basic[-_]?auth|login|proxy[-_]?user|userpwd)$/i.test(place.name)) return undefined;
  const colon = shape.search(/(?<=^[^\s:/{}"]+):(?=[^\s/].)/);
  if (colon === -1) return undefined;
  const inner: Place = { kind: 'url-password', name: 'password', label: `${place.label}, password` };
  const part = { start: colon + 1, end: text.length, place: inner, spelling: asItIs(place.label) };
  return { parts: [part], between: asItIs(place.label) };
}

function pairPart(shape: string, text: string, offset: number, place: Place, spelling: Spelling): Part | undefined {
  const match = PAIR.exec(shape);
  const [, lead = '', name = '', equals = '', value = ''] = match ?? [];
  // `=` at the end is the padding of Base64.
  if (match === null || /^=*\s*$/.test(value) || !isName(name)) return undefined;
  const before = lead.length + name.length + equals.length;
  const quoted = /^(['"])(.*)\1\s*$/s.exec(value);
  const from = before + (quoted === null ? 0 : 1);
  const length = quoted === null ? value.trimEnd().length : (quoted[2] ?? '').length;
  const key = text.slice(lead.length, lead.length + name.length);
  const label = place.label.endsWith(key) ? place.label : `${place.label}, ${key}`;
  return {
    start: offset + from,
    end: offset + from + length,
    place: { kind: 'pair', name: key, label },
    spelling: quoted === null ? spelling : unless('a list with quotes', /['"\\\r\n]/),
  };
}
