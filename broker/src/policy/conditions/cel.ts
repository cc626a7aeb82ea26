// The language of conditions: CEL, by cel-js. This is the only file that knows the library; docs/decisions/cel.md says why this one.
//
// What an expression may cost is bounded before it is evaluated: by its size, by how deep its loops are nested, and by how long the arguments are that
// it loops over. `matches` runs on RE2, whose time is linear in its text, and not on the expressions of JavaScript.
import { RE2JS } from '@bufbuild/re2';
import { type ASTNode, Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { createKnownKeys, type KnownKeys } from '../../mcp/folded-key.ts';

/** What an expression may read. */
export interface Scope {
  args: unknown;
  user: { name: string; role: string; groups: readonly string[] };
  tool: { name: string; server: string; class: string };
  time: Date;
  client: { name: string; version: string; address: string; device: string };
}

export interface Expression {
  /** Whether it depends on the arguments or the time, which are not known before there is a call. */
  readsCall: boolean;
  /** The members of the arguments that it names, for texts that say which tool has none of that name. */
  argNames: readonly string[];
  /** `argsLength`: of the text of the arguments. The kind of a mistake never holds a value of the arguments. */
  evaluate(scope: Scope, argsLength: number): { value: unknown } | { mistake: string };
}

/** Where in the text something is wrong, and what. */
export interface ExpressionMistake {
  message: string;
  at: number;
}

const VARIABLES = ['args', 'user', 'tool', 'time', 'client'];
const MAX_CHARS = 2_000;
/** For how many characters of arguments an expression is evaluated, by how deep its loops are nested. Deeper ones are refused. */
const MAX_ARGS = [256 * 1024, 16 * 1024, 2 * 1024];
/** For how long a text `matches` is evaluated. */
const MAX_MATCHED = 10_000;
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

const LIMITS = { maxAstNodes: 500, maxDepth: 50, maxListElements: 300, maxMapEntries: 100, maxCallArguments: 8 };
const string = 'string';

const SIGNS: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
];

/** Knows the types of what is read, to find what is misspelled. */
const checking = environment()
  .registerVariable('user', { schema: { name: string, role: string, groups: 'list<string>' } })
  .registerVariable('tool', { schema: { name: string, server: string, class: string } })
  .registerVariable('time', 'google.protobuf.Timestamp')
  .registerVariable('client', { schema: { name: string, version: string, address: string, device: string } });

/** Knows no types, so that what is read need not be copied for each call. */
const running = environment()
  .registerVariable('user', 'dyn')
  .registerVariable('tool', 'dyn')
  .registerVariable('time', 'dyn')
  .registerVariable('client', 'dyn');

function environment(): Environment {
  const made = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false })
    .registerVariable('args', 'dyn')
    .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) => {
      if (text.length > MAX_MATCHED) throw new EvaluationError({ code: 'text_too_long', message: 'too long' });
      return compiled(pattern).test(text);
    });
  // Numbers of JSON are doubles, and people write whole ones in rules.
  for (const [sign, of] of SIGNS) {
    made.registerOperator(`double ${sign} int: double`, (a: number, b: bigint) => of(a, Number(b)));
    made.registerOperator(`int ${sign} double: double`, (a: bigint, b: number) => of(Number(a), b));
  }
  return made;
}

/** By their text; rules hold few of them. */
const patterns = new Map<string, RE2JS>();
const MAX_PATTERNS = 1_000;

function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = RE2JS.compile(pattern);
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, made);
  return made;
}

/** `result`: what it is to be: a condition or a number to be added up. */
export function compileExpression(text: string, result: 'bool' | 'number'): Expression | ExpressionMistake {
  if (text.length > MAX_CHARS) return { message: `it has more than ${MAX_CHARS} characters`, at: MAX_CHARS };
  let parsed: ParseResult;
  let [readsArgs, readsTime] = [false, false];
  const argNames = new Set<string>();
  let depth = 0;
  try {
    const { ast } = running.parse(text);
    const calls: { at: number; pattern: ASTNode | undefined }[] = [];
    depth = walk(ast, (node) => {
      readsArgs ||= node.op === 'id' && node.args === 'args';
      readsTime ||= node.op === 'id' && node.args === 'time';
      const name = argName(node);
      if (name !== undefined) argNames.add(name);
      if (node.op === 'rcall' && node.args[0] === 'matches')
        calls.push({
          at: text.lastIndexOf('matches', node.args[2][0]?.start ?? text.length),
          pattern: node.args[2][0],
        });
      if (node.op === 'call' && node.args[0] === 'matches') calls.push({ at: node.start, pattern: undefined });
    });
    const badCall = calls.map(patternMistake).find((mistake) => mistake !== undefined);
    if (badCall !== undefined) return badCall;
    const checked = checking.parse(text).check();
    if (!checked.valid) return mistakeIn(checked.error);
    const types = result === 'bool' ? ['bool', 'dyn'] : ['int', 'uint', 'double', 'dyn'];
    if (!types.includes(checked.type ?? ''))
      return {
        message: `it is ${checked.type ?? 'nothing'}, and not ${result === 'bool' ? 'true or false' : 'a number'}`,
        at: 0,
      };
    parsed = running.parse(calls.toSorted((a, b) => b.at - a.at).reduce((of, { at }) => withRe2(of, at), text));
  } catch (error) {
    return mistakeIn(error);
  }
  const most = MAX_ARGS[depth];
  if (most === undefined)
    return { message: `its loops are nested ${depth} deep, and at most ${MAX_ARGS.length - 1} may be`, at: 0 };
  const keys = createKnownKeys(argNames);
  return {
    readsCall: readsArgs || readsTime,
    argNames: [...argNames],
    evaluate(scope, argsLength) {
      if (readsArgs && argsLength > most) return { mistake: 'the arguments are too long for it' };
      if (readsArgs && hasMistakable(scope.args, keys))
        return { mistake: 'the arguments have a member that a server may take for one it names' };
      try {
        return { value: parsed(scope) as unknown };
      } catch (error) {
        return { mistake: kindOf(error, text) };
      }
    },
  };
}

export const isMistaken = (of: Expression | ExpressionMistake): of is ExpressionMistake => 'message' in of;

/** Calls `visit` for each node. Returns how deep loops are nested. */
function walk(node: ASTNode, visit: (node: ASTNode) => void): number {
  visit(node);
  const isLoop = node.op === 'rcall' && LOOPS.has(node.args[0]);
  let deepest = 0;
  const into = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) into(each);
    else if (isNode(part)) deepest = Math.max(deepest, walk(part, visit));
  };
  into(node.args);
  return deepest + (isLoop ? 1 : 0);
}

const isNode = (part: unknown): part is ASTNode =>
  typeof part === 'object' && part !== null && 'op' in part && 'input' in part;

/** `amount` of `args.amount` and of `args["amount"]`, and of what is below. */
function argName(node: ASTNode): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const root = rootOf(node);
  if (root.op === 'id' && root.args !== 'args' && VARIABLES.includes(root.args)) return undefined;
  if (node.op === '.') return node.args[1];
  const key = node.args[1];
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}

/** The `args` of `args.a[0].b` */
function rootOf(node: ASTNode): ASTNode {
  return node.op === '.' || node.op === '[]' ? rootOf(node.args[0]) : node;
}

function patternMistake({ at, pattern }: { at: number; pattern: ASTNode | undefined }): ExpressionMistake | undefined {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
    return { message: 'write TEXT.matches("PATTERN") with the pattern in quotes', at };
  try {
    compiled(pattern.args);
    return undefined;
  } catch {
    return { message: 'this pattern is none of RE2', at: pattern.start };
  }
}

const withRe2 = (text: string, at: number): string =>
  `${text.slice(0, at)}matchesRe2${text.slice(at + 'matches'.length)}`;

function mistakeIn(error: unknown): ExpressionMistake {
  const { summary, range, code } = partsOf(error);
  const message = code === 'unknown_variable' ? `${summary}; there are ${VARIABLES.join(', ')}` : summary;
  return { message, at: range?.start ?? 0 };
}

/** What went wrong, in the words of the library and of the rule: never with a value of the arguments. */
function kindOf(error: unknown, text: string): string {
  const { code, range } = partsOf(error);
  const where = range === undefined ? '' : text.slice(range.start, range.end);
  return `${code.replaceAll('_', ' ')}${where === '' ? '' : ` at ${where}`}`;
}

function partsOf(error: unknown): { summary: string; code: string; range: { start: number; end: number } | undefined } {
  const parts = typeof error === 'object' && error !== null ? error : {};
  const code: unknown = Reflect.get(parts, 'code');
  const summary: unknown = Reflect.get(parts, 'summary');
  const range: unknown = Reflect.get(parts, 'range');
  const isRange = (of: unknown): of is { start: number; end: number } =>
    typeof of === 'object' && of !== null && typeof Reflect.get(of, 'start') === 'number';
  return {
    summary: typeof summary === 'string' ? summary : 'it cannot be read',
    code: typeof code === 'string' ? code : 'unexpected error',
    range: isRange(range) ? range : undefined,
  };
}

/** Whether some member, at any depth, is no member that the expression names but may be taken for one by a parser that ignores case. */
function hasMistakable(value: unknown, keys: KnownKeys): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => hasMistakable(each, keys));
  const names = Object.keys(value).map((key) => ({ key }));
  return keys.mistakable(names) !== undefined || Object.values(value).some((each) => hasMistakable(each, keys));
}
