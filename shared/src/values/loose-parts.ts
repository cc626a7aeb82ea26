// Settings that are no JSON but look like it: `{'token': 'x'}`, `key: value` line by line, as YAML and other languages have them.
import { asItIs, type Part, type Spot, type Spelling, type Structure } from './spot.ts';
import { withoutPlaceholders } from './secret-reference.ts';

const QUOTED = /(['"]?)([A-Za-z_][\w.-]*)\1\s*[:=]\s*(['"])((?:\\.|(?!\3)[^\\\n])+)\3/g;
const LINE = /^([ \t]*(?:- )?)([A-Za-z_][\w.-]*)(:[ \t]+)([^\s'"#{[|>&*!][^\n]*?)[ \t\r]*$/gm;

const IN_QUOTES: Spelling = asItIs('a text in quotes', (value) => !/['"\\\0\r\n]/.test(value));
const ON_A_LINE: Spelling = asItIs('a line of its own', (value) => /^[\w./+=@~-]+$/.test(value));

/** Undefined where it is neither. */
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
