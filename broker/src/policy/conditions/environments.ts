// The environments in which expressions are read, checked and run: which variables there are, of which types, and which operators.
import { RE2JS } from '@bufbuild/re2';
import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import { registerOwn } from './own-functions.ts';

/** For how long a text `matches` is evaluated. */
const MAX_MATCHED = 10_000;
/** How many steps all `matches` of one evaluation take together: characters of the texts, times the size of what each pattern is compiled to. */
const MAX_STEPS = 4_000_000;
/** The size of a pattern; one of a few characters that says to repeat something is large. */
const MAX_PATTERN = 1_000;
const LIMITS = { maxAstNodes: 500, maxDepth: 50, maxListElements: 300, maxMapEntries: 100, maxCallArguments: 8 };
const string = 'string';

const SIGNS: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
];

/** So many mistakes one evaluation may make and go on, as loops do with those of an entry. Each costs as much as hundreds of steps without one. */
const MOST_MISTAKES = 10_000;

let stepsLeft = 0;
let mistakesLeft = Number.POSITIVE_INFINITY;
let isEnded = false;

/** One evaluation, which is done in one turn. Throws what it throws; `tooManyMistakes` stands for a value that is not to be used. */
export function evaluating(evaluate: () => unknown): unknown {
  stepsLeft = MAX_STEPS;
  mistakesLeft = MOST_MISTAKES;
  try {
    const value = evaluate();
    return mistakesLeft < 0 ? tooManyMistakes : value;
  } catch (error) {
    if (mistakesLeft < 0) return tooManyMistakes;
    throw error;
  } finally {
    mistakesLeft = Number.POSITIVE_INFINITY;
  }
}

export const tooManyMistakes = Symbol('too many mistakes');

// The library has no bound of its own. All of its errors in an evaluation are of one class, and JavaScript looks up what a class extends whenever one is
// made. Past the bound none is made any more. What is thrown instead ends the loops that would go on: `all` with false, `exists` with true.
type Making = new (...given: unknown[]) => Error;
const Extended = Object.getPrototypeOf(EvaluationError) as Making;
Object.setPrototypeOf(
  EvaluationError,
  class extends Extended {
    constructor(...given: unknown[]) {
      mistakesLeft -= 1;
      if (mistakesLeft < 0) {
        isEnded = !isEnded;
        // oxlint-disable-next-line typescript/only-throw-error -- no error is made any more
        throw isEnded;
      }
      super(...given);
    }
  },
);

/** Knows the types of what is read, to find what is misspelled. */
export const checking = typed(environment().registerVariable('args', 'dyn'));

/** Knows no types, so that what is read need not be copied for each call. */
export const running = environment()
  .registerVariable('args', 'dyn')
  .registerVariable('user', 'dyn')
  .registerVariable('tool', 'dyn')
  .registerVariable('time', 'dyn')
  .registerVariable('client', 'dyn');
registerOwn(running, matches);

function matches(text: string, pattern: string): boolean {
  if (text.length > MAX_MATCHED) throw new EvaluationError({ code: 'text_too_long', message: 'too long' });
  const re2 = compiled(pattern);
  stepsLeft -= text.length * re2.re2().prog.numInst();
  if (stepsLeft < 0) throw new EvaluationError({ code: 'too_much_to_match', message: 'too much' });
  return re2.test(text);
}

function environment(): Environment {
  const made = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false });
  // Numbers of JSON are doubles, and people write whole ones in rules.
  for (const [sign, of] of SIGNS) {
    made.registerOperator(`double ${sign} int: double`, (a: number, b: bigint) => of(a, Number(b)));
    made.registerOperator(`int ${sign} double: double`, (a: bigint, b: number) => of(Number(a), b));
  }
  return made;
}

function typed(made: Environment): Environment {
  return made
    .registerVariable('user', { schema: { name: string, role: string, groups: 'list<string>' } })
    .registerVariable('tool', { schema: { name: string, server: string, class: string } })
    .registerVariable('time', 'google.protobuf.Timestamp')
    .registerVariable('client', { schema: { name: string, version: string, address: string, device: string } });
}

/** Of an argument, as far as a schema says it; `any`: it does not, or in words that conditions have no type for. */
export type ArgumentType = 'string' | 'number' | 'bool' | 'strings' | 'numbers' | 'any';

const TYPES: Readonly<Record<ArgumentType, string>> = {
  ...{ string, number: 'double', bool: 'bool', strings: 'list<string>', numbers: 'list<double>', any: 'dyn' },
};

/** What can be compared when an expression runs, and not by the types alone. */
const COMPARED = [
  ...[
    'double == int',
    'double in list<int>',
    'int in list<double>',
    'string == null',
    'double == null',
    'bool == null',
  ],
];

/** Knows the types of arguments too: `types`, by their names. */
export function checkingWith(types: ReadonlyMap<string, ArgumentType>): Environment {
  const schema = Object.fromEntries([...types].map(([name, type]) => [name, TYPES[type]]));
  const made = typed(environment().registerVariable('args', { schema }));
  for (const each of COMPARED) made.registerOperator(`${each}: bool`, () => false);
  return made;
}

/** By their text; rules hold few of them. */
const patterns = new Map<string, RE2JS>();
const MAX_PATTERNS = 1_000;

/** Throws where it is none of RE2, or too large. */
export function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  // Before it is compiled, which alone takes a second for some patterns of ten characters.
  if (sizeOf(pattern) > MAX_PATTERN) throw new PatternTooLarge();
  const made = RE2JS.compile(pattern);
  if (made.re2().prog.numInst() > MAX_PATTERN) throw new PatternTooLarge();
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, made);
  return made;
}

export class PatternTooLarge extends Error {}

/** How many characters and classes a pattern stands for, with what it repeats. About: it is counted exactly once it is compiled. */
function sizeOf(pattern: string): number {
  const groups = [{ sum: 0, last: 0 }];
  for (const [token] of pattern.matchAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|./gsu)) {
    const group = groups.at(-1) ?? { sum: 0, last: 0 };
    if (token === '(') groups.push({ sum: 0, last: 0 });
    else if (token === ')' && groups.length > 1) {
      groups.pop();
      const outer = groups.at(-1) ?? group;
      outer.last = group.sum;
      outer.sum += group.sum;
    } else if (/^\{\d/.test(token)) {
      const times = Math.max(1, ...(token.match(/\d+/g) ?? []).map(Number));
      group.sum += group.last * (times - 1);
      group.last *= times;
    } else {
      group.last = 1;
      group.sum += 1;
    }
  }
  return groups.reduce((sum, group) => sum + group.sum, 0);
}
