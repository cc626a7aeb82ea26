// The parts of a value that is a list of `name=value` (a connection string, cookies, the lines of a .env file, headers between commas), a
// single such pair, or a login `user:password`.
import { asItIs, type Part, type Spot, type Spelling, type Structure } from './spot.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { component } from './url-parts.ts';

type Piece = readonly [start: number, end: number];

interface Kind {
  /** Where each pair stands in the value; undefined where the value is no list of this kind. */
  pieces(shape: string): readonly Piece[] | undefined;
  spelling: Spelling;
}

/**
 * Finds pairs one after the other. `piece` matches one pair (its first group) and the separator behind it; it never backtracks over pairs
 * before, so that a text which turns out to be no such list takes no longer than a list.
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

// In each kind of list a separator inside quotes separates nothing.
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
    // A connection string; a value in it may be quoted or in braces.
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
    // A connection string of libpq, where a backslash before a blank makes it part of the value.
    pieces: oneAfterAnother(
      /([A-Za-z_]\w*=(?:(?:"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')(?=\s|$)|(?:\\.|[^\s\\])*))(?:\s+|$)/,
    ),
    spelling: unless('a list with blanks', /[\s'\\]/),
  },
];

const PAIR = /^(\s*(?:export\s+|set\s+)?)([A-Za-z_][\w .-]*?)(\s*=\s*)(.+)$/s;

/** The values of a list of pairs; undefined where there are fewer than two pairs, or with `orOne` none. */
export function pairParts(text: string, spot: Spot, orOne: boolean): Structure | undefined {
  const shape = withoutPlaceholders(text);
  for (const { pieces, spelling } of LISTS) {
    const parts = (pieces(shape) ?? []).flatMap(
      ([start, end]) => pairPart(shape.slice(start, end), text.slice(start, end), start, spot, spelling) ?? [],
    );
    if (parts.length > 1 || (parts.length === 1 && orOne)) return { parts, between: asItIs('a list') };
  }
  if (!orOne) return undefined;
  const only = pairPart(shape, text, 0, spot, asItIs(spot.label));
  return only === undefined ? undefined : { parts: [only], between: asItIs('a list') };
}

/**
 * Forms that are certainly a login, because a host and its port stand beside it: `user:password@host:1`, `user/password@host:1`,
 * `host:1:[database:]user:password`.
 */
const AT_HOST: readonly RegExp[] = [
  /^(?!(?:mailto|sips?|npm|git\w*|docker|oci|https?):)[\w.%+-]+:([^\s/]+)@[\w.-]+:\d{2,5}(?:[/?]\S*)?$/d,
  /^(?:jdbc:oracle:\w+:)?[\w.$#-]+\/([^\s/]+)@(?:\/\/)?(?!sha\d)[\w.-]+:\d{2,5}(?:[:/][\w.]+)*$/d,
  /^(?=[^:]*[a-z.])[\w.-]+:\d{2,5}(?::[\w.*-]+){1,2}:([^\s:/]\S*)$/di,
];

/** The password in `user:password`, where the spot's name or a host beside it says that the text is a login; else undefined. */
export function loginParts(text: string, spot: Spot): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const [start, end] = AT_HOST.map((form) => form.exec(shape)?.indices?.[1]).find((each) => each !== undefined) ?? [];
  if (start !== undefined && end !== undefined) {
    const inner: Spot = {
      kind: 'url-password',
      name: `${spot.name || 'login'}-password`,
      label: `${spot.label}, password`,
    };
    const spelling = unless('a login before a host', /[\s@/]/);
    return { parts: [{ start, end, spot: inner, spelling }], between: asItIs(spot.label) };
  }
  if (!/(?:^|[^a-z])(?:u|user|auth|basic[-_]?auth|login|proxy[-_]?user|userpwd)$/i.test(spot.name)) return undefined;
  const colon = shape.search(/(?<=^[^\s:/{}"]+):(?=[^\s/].)/);
  if (colon === -1) return undefined;
  const inner: Spot = { kind: 'url-password', name: 'password', label: `${spot.label}, password` };
  const part = { start: colon + 1, end: text.length, spot: inner, spelling: asItIs(spot.label) };
  return { parts: [part], between: asItIs(spot.label) };
}

function pairPart(shape: string, text: string, offset: number, spot: Spot, spelling: Spelling): Part | undefined {
  const match = PAIR.exec(shape);
  const [, lead = '', name = '', equals = '', value = ''] = match ?? [];
  // `=` at the end is the padding of Base64.
  if (match === null || /^=*\s*$/.test(value) || !isName(name)) return undefined;
  const before = lead.length + name.length + equals.length;
  const quoted = /^(['"])(.*)\1\s*$/s.exec(value);
  const from = before + (quoted === null ? 0 : 1);
  const length = quoted === null ? value.trimEnd().length : (quoted[2] ?? '').length;
  const key = text.slice(lead.length, lead.length + name.length);
  const label = spot.label.endsWith(key) ? spot.label : `${spot.label}, ${key}`;
  return {
    start: offset + from,
    end: offset + from + length,
    spot: { kind: 'pair', name: key, label },
    spelling: quoted === null ? spelling : unless('a list with quotes', /['"\\\r\n]/),
  };
}
