// Values that are a list of `name=value`: connection strings, cookies, lines of a .env file, headers after a comma, or a single pair.
import { asItIs, type Part, type Place, type Spelling, type Structure } from './place.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { component } from './url-parts.ts';

type Piece = readonly [start: number, end: number];

interface Kind {
  /** Of the whole value; undefined where it is no such list. */
  pieces(shape: string): readonly Piece[] | undefined;
  spelling: Spelling;
}

/**
 * `piece`: one pair in its first group, then what separates it from the next. Pieces are taken one after the other and never given back, so
 * a text that turns out to be no such list costs no more than one that is.
 */
function oneAfterAnother(piece: RegExp, begins = /^/, least = 2): Kind['pieces'] {
  return (shape) => {
    if (!begins.test(shape)) return undefined;
    const pieces: Piece[] = [];
    const next = new RegExp(piece, 'y');
    while (next.lastIndex < shape.length) {
      const start = next.lastIndex;
      const found = next.exec(shape)?.[1];
      if (found === undefined) return undefined;
      pieces.push([start, start + found.length]);
    }
    return pieces.length < least ? undefined : pieces;
  };
}

const unless = (where: string, bad: RegExp): Spelling => asItIs(where, (value) => !bad.test(value));

// In each of them what separates the others may stand in quotes, and separates nothing there.
const LISTS: readonly Kind[] = [
  {
    pieces: oneAfterAnother(
      /([ \t]*(?:(?:#[^\n]*)?\r?|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=(?:[ \t]*(?:"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')[ \t\r]*(?=\n|$)|[^\n]*)))(?:\n|$)/,
      /\n/,
      1,
    ),
    spelling: unless('a line of its own', /[\r\n]/),
  },
  {
    // Of a connection string: what is quoted or in braces.
    pieces: oneAfterAnother(
      /(\s*[A-Za-z_][\w .-]*=\s*(?:(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\})(?=\s*(?:;|$))|[^;]*))(?:;\s*|$)/,
      /^/,
      1,
    ),
    spelling: unless('a list with “;”', /[;'"{}\r\n]|^\s|\s$/),
  },
  {
    pieces: oneAfterAnother(/([A-Za-z_][\w.-]*=[^&\s]*)(?:&|$)/),
    spelling: component('a query'),
  },
  {
    pieces: oneAfterAnother(
      /([A-Za-z_][\w.-]*=(?:(?:"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')(?=\s*(?:,|$))\s*|[^,]*))(?:,\s*|$)/,
      /^[^=]*=(?:["']|[^,\s]*,)/,
    ),
    spelling: unless('a list with “,”', /[,\r\n]/),
  },
  {
    // As libpq has them: a blank also behind a backslash.
    pieces: oneAfterAnother(
      /([A-Za-z_]\w*=(?:(?:"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')(?=\s|$)|(?:\\.|[^\s\\])*))(?:\s+|$)/,
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
