// Values that are a list of `name=value`: connection strings, cookies, lines of a .env file, headers after a comma, or a single pair.
import { asItIs, type Part, type Place, type Spelling, type Structure } from './place.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { component, eachPiece } from './url-parts.ts';

interface Kind {
  /** The whole value. */
  shape: RegExp;
  separator: RegExp;
  spelling: Spelling;
}

const unless = (where: string, bad: RegExp): Spelling => asItIs(where, (value) => !bad.test(value));

const LISTS: readonly Kind[] = [
  {
    shape:
      /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[^\n]*(?:\n[ \t]*(?:#[^\n]*|\r|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[^\n]*)?)+$/,
    separator: /\r?\n/g,
    spelling: unless('a line of its own', /[\r\n]/),
  },
  {
    shape: /^\s*[A-Za-z_][\w .-]*=[^;]*(?:;\s*[A-Za-z_][\w .-]*=[^;]*)*;?\s*$/,
    separator: /;/g,
    spelling: unless('a list with “;”', /[;'"{}\r\n]|^\s|\s$/),
  },
  {
    shape: /^[A-Za-z_][\w.-]*=[^&\s]*(?:&[A-Za-z_][\w.-]*=[^&\s]*)+$/,
    separator: /&/g,
    spelling: component('a query'),
  },
  {
    shape: /^[A-Za-z_][\w.-]*=[^,\s]*(?:,\s*[A-Za-z_][\w.-]*=[^,]*)+$/,
    separator: /,/g,
    spelling: unless('a list with “,”', /[,\r\n]/),
  },
  {
    shape: /^[A-Za-z_]\w*=(?:'[^']*'|\S*)(?:\s+[A-Za-z_]\w*=(?:'[^']*'|\S*))+\s*$/,
    separator: /\s+(?=[A-Za-z_]\w*=)/g,
    spelling: unless('a list with blanks', /[\s'\\]/),
  },
];

const PAIR = /^(\s*(?:export\s+|set\s+)?)([A-Za-z_][\w .-]*?)(\s*=\s*)(.+)$/s;

/** Undefined where it is no list of at least two pairs, or (`orOne`) one. */
export function pairParts(text: string, place: Place, orOne: boolean): Structure | undefined {
  const shape = withoutPlaceholders(text);
  for (const { shape: form, separator, spelling } of LISTS) {
    if (!form.test(shape)) continue;
    const parts: Part[] = [];
    eachPiece(shape, 0, shape.length, separator, (start, end) => {
      const part = pairPart(shape.slice(start, end), text.slice(start, end), start, place, spelling);
      if (part !== undefined) parts.push(part);
    });
    if (parts.length > 1 || (parts.length === 1 && orOne)) return { parts, between: asItIs('a list') };
  }
  if (!orOne) return undefined;
  const only = pairPart(shape, text, 0, place, asItIs(place.label));
  return only === undefined ? undefined : { parts: [only], between: asItIs('a list') };
}

/** `user:password`, where the name says that it is one. */
export function loginParts(text: string, place: Place): Structure | undefined {
  if (!/(?:^|[^a-z])(?:u|user|auth|basic[-_]?auth|login|proxy[-_]?user|userpwd)$/i.test(place.name)) return undefined;
  const colon = withoutPlaceholders(text).search(/(?<=^[^\s:/{}"]+):(?=[^\s/].)/);
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
