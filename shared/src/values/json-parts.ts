// The parts of a value that is a JSON text, or looks like one (`{'token': 'x'}`, lines of `key: value` as in YAML): its strings and numbers, each
// under its key.
import { asItIs, type Part, type Spot, type Spelling, type Structure } from './spot.ts';
import { replaceReferences, withoutPlaceholders } from './secret-reference.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]/g;

const STRING: Spelling = {
  where: 'a JSON string',
  decode(raw) {
    const value: unknown = JSON.parse(`"${raw}"`);
    return typeof value === 'string' ? value : undefined;
  },
  encode: (value) => JSON.stringify(value).slice(1, -1),
};

const SCALAR = asItIs('JSON outside of a string', (value) =>
  /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(value),
);

/** Undefined where the text is no JSON object or array. */
export function jsonParts(text: string, { name, label }: Spot): Structure | undefined {
  if (!/^\s*[[{]/.test(text) || !isJson(text)) return undefined;
  const shape = withoutPlaceholders(text);
  const parts: Part[] = [];
  /** For each open object and array: the key that it stands under. */
  const keys: string[] = [];
  let key = name;
  for (const { 0: token, index } of shape.matchAll(TOKEN)) {
    if (token === '{' || token === '[') keys.push(key);
    else if (token === '}' || token === ']') key = keys.pop() ?? name;
    else if (token === ',') key = keys.at(-1) ?? name;
    else if (token !== ':') {
      const isString = token.startsWith('"');
      const end = index + token.length;
      if (isString && /^\s*:/.test(shape.slice(end))) {
        key = STRING.decode(text.slice(index + 1, end - 1)) ?? '';
        continue;
      }
      const [from, to] = isString ? [index + 1, end - 1] : [index, end];
      const within = keys.at(-1) ?? name;
      const spot: Spot = { kind: 'json', name: key, within, label: key === name ? label : `${label}, ${key}` };
      if (to > from) parts.push({ start: from, end: to, spot, spelling: isString ? STRING : SCALAR });
    }
  }
  return { parts, between: SCALAR };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(replaceReferences(text, () => '0'));
    return true;
  } catch {
    return false;
  }
}

const QUOTED = /(['"]?)([A-Za-z_][\w.-]*)\1\s*[:=]\s*(['"])((?:\\.|(?!\3)[^\\\n])+)\3/g;
const LINE = /^([ \t]*(?:- )?)([A-Za-z_][\w.-]*)(:[ \t]+)([^\s'"#{[|>&*!][^\n]*?)[ \t\r]*$/gm;

const IN_QUOTES: Spelling = asItIs('a text in quotes', (value) => !/['"\\\0\r\n]/.test(value));
const ON_A_LINE: Spelling = asItIs('a line of its own', (value) => /^[\w./+=@~-]+$/.test(value));

/** The values of settings that look like JSON or YAML; undefined where the text has none. */
export function looseParts(text: string, { label }: Spot): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const part = (index: number, whole: string, key: string, value: string, tail: number, spelling: Spelling): Part => {
    const end = index + whole.length - tail;
    const spot: Spot = { kind: 'json', name: key, label: `${label}, ${key}` };
    return { start: end - value.length, end, spot, spelling };
  };
  const lines = shape.includes('\n')
    ? [...shape.matchAll(LINE)].map(({ index, 0: whole, 2: key = '', 4: value = '' }) =>
        part(index, whole, key, value, whole.length - whole.trimEnd().length, ON_A_LINE),
      )
    : [];
  const isQuoting = /^\s*[[{(]/.test(shape) || lines.length > 0;
  const quoted = (isQuoting ? [...shape.matchAll(QUOTED)] : [])
    .map(({ index, 0: whole, 2: key = '', 4: value = '' }) => part(index, whole, key, value, 1, IN_QUOTES))
    .filter(({ start, end }) => !lines.some((line) => start < line.end && line.start < end));
  const parts = [...lines, ...quoted].toSorted((one, other) => one.start - other.start);
  return parts.length === 0 ? undefined : { parts, between: asItIs(label) };
}
