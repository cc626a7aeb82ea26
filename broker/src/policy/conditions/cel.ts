// The language of conditions: CEL, by cel-js. Only this room knows the library; docs/decisions/cel.md says why this one.
//
// What an expression may cost is bounded before it is evaluated: by its size, by how deep its loops are nested, by how much all of them do, by how often it
// joins lists, and by how long the arguments are that it goes through. `matches` runs on RE2, whose time is linear in its text, and not on the expressions of JavaScript; how much
// all of them match in one evaluation is bounded, too.
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { costOf, type Cost } from './cost.ts';
import { createKnownKeys, isOfPrototype, type KnownKeys, someMember } from '../../mcp/folded-key.ts';
import { aboutConstant, adviceAbout, zoneMistake } from './advice.ts';
import { failingConstant } from './constants.ts';
import {
  type ArgumentType,
  checking,
  checkingWith,
  compiled,
  evaluating,
  PatternTooLarge,
  running,
  tooManyMistakes,
} from './environments.ts';
import { foreignCall, withOwnFunctions } from './own-functions.ts';
import { argName, type Compared, comparedOf, type NamedArgument, type Read, readsOf, walk } from './reads.ts';

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
  reads: ReadonlySet<Read>;
  /** The arguments that it names, each time that it does. */
  named: readonly NamedArgument[];
  /** What members of `user` and `tool` are compared with. */
  compared: readonly Compared[];
  /** The first place where arguments of these types are used as if they were of others. `types`: by the first names of the paths. */
  typeMistake(types: ReadonlyMap<string, ArgumentType>): ExpressionMistake | undefined;
  /**
   * `argsLength`: of the text of the arguments. The kind of a mistake never holds a value of the arguments. `named`: those on which it depends; left
   * out: none.
   */
  evaluate(scope: Scope, argsLength: number): { value: unknown } | { mistake: string; named?: readonly string[] };
}

/** Where in the text something is wrong, and what. */
export interface ExpressionMistake {
  message: string;
  at: number;
}

const MAX_CHARS = 2_000;
/** For how many characters of arguments an expression is evaluated, by how deep its loops are nested. Deeper ones are refused. */
const MAX_ARGS = [256 * 1024, 16 * 1024, 2 * 1024];
/** An expression that could not go through as much as this is refused. */
const LEAST_ARGS = 400;

/** `result`: what it is to be: a condition or a number to be added up. */
export function compileExpression(text: string, result: 'bool' | 'number'): Expression | ExpressionMistake {
  if (text.length > MAX_CHARS) return { message: `it has more than ${MAX_CHARS} characters`, at: MAX_CHARS };
  let parsed: ParseResult;
  let { reads, named }: Pick<Expression, 'reads' | 'named'> = { reads: new Set(), named: [] };
  let compared: readonly Compared[] = [];
  const argNames = new Set<string>();
  let cost: Cost = { depth: 0, joins: 0, longest: Number.POSITIVE_INFINITY, lastAt: 0 };
  try {
    const { ast } = running.parse(text);
    ({ reads, named } = readsOf(ast));
    compared = comparedOf(ast);
    const times: (ExpressionMistake | undefined)[] = [];
    const calls: { at: number; pattern: ASTNode | undefined }[] = [];
    cost = costOf(ast);
    let bindsAt: number | undefined;
    walk(ast, (node) => {
      const name = argName(node);
      if (name !== undefined) argNames.add(name);
      if (node.op === 'id' && node.args === 'cel') bindsAt ??= node.start;
      times.push(timeMistake(node));
      if (node.op === 'rcall' && node.args[0] === 'matches')
        calls.push({
          at: text.lastIndexOf('matches', node.args[2][0]?.start ?? text.length),
          pattern: node.args[2][0],
        });
      if (node.op === 'call' && node.args[0] === 'matches') calls.push({ at: node.start, pattern: undefined });
    });
    // A value that is bound and used twice may double at each step.
    if (bindsAt !== undefined) return { message: 'nothing of cel. is offered; write what it stands for', at: bindsAt };
    const bad = [...calls.map(patternMistake), ...times].find((mistake) => mistake !== undefined);
    if (bad !== undefined) return bad;
    const checked = checking.parse(text).check();
    if (!checked.valid) return mistakeIn(checked.error, text);
    const other = otherThan(result, checked.type);
    if (other !== undefined) return other;
    parsed = running.parse(withOwnFunctions(text, ast));
    const foreign = foreignCall(parsed.ast);
    if (foreign !== undefined) return { message: `write ${foreign.name}(…) in one piece`, at: foreign.at };
  } catch (error) {
    return mistakeIn(error, text);
  }
  const most = MAX_ARGS[cost.depth];
  if (most === undefined)
    return {
      message: `its loops are nested ${cost.depth} deep, with what is searched or joined in them, and at most ${MAX_ARGS.length - 1} may be`,
      at: 0,
    };
  if (cost.longest < LEAST_ARGS)
    return {
      message: `its loops within loops do too much together: not even ${LEAST_ARGS} characters of arguments could be gone through; make it several rules, or say less in the loops`,
      at: cost.lastAt,
    };
  const failing = failingConstant(parsed.ast, (part) => evaluating(() => running.parse(part)({})));
  if (failing !== undefined) return failsAlways(failing);
  // Each list that is joined may be as long as all that were joined before it.
  const longest = Math.min(cost.longest, most / Math.max(1, cost.joins) ** 2);
  if (cost.depth <= 1) makeReady(parsed);
  const keys = createKnownKeys(argNames);
  const readsArgs = reads.has('args');
  return {
    readsCall: readsArgs || reads.has('time'),
    reads,
    named,
    compared,
    typeMistake: (types) => typeMistakeIn(text, result, types),
    evaluate(scope, argsLength) {
      if (readsArgs && argsLength > longest) return { mistake: 'the arguments are too long for it', named: [] };
      const mistake = readsArgs ? mistakableIn(scope.args, keys) : undefined;
      if (mistake !== undefined) return { mistake, named: [] };
      // A loop may make a mistake for each entry and go on; where each was made nobody reads, and to note it costs more than all else.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        const value = evaluating(() => parsed(scope) as unknown);
        if (value !== tooManyMistakes) return { value };
        return { mistake: 'too many mistakes in its loops', ...argumentsOf({ reads, named }) };
      } catch (error) {
        return { mistake: kindOf(error, text), ...argumentsOf({ reads, named }, partsOf(error).range) };
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
  };
}

const NOTHING: Scope = {
  args: {},
  user: { name: '', role: '', groups: [] },
  tool: { name: '', server: '', class: '' },
  time: new Date(0),
  client: { name: '', version: '', address: '', device: '' },
};

/**
 * The library finds out how to carry out an expression when it first does, which takes longer than all else that a call waits for here. Loops in loops
 * are left to the first call: they could be long even over nothing, where they go through lists of their own.
 */
function makeReady(parsed: ParseResult): void {
  try {
    parsed(NOTHING);
  } catch {
    // What it needs is not there; how to carry it out is known.
  }
}

export const isMistaken = (of: Expression | ExpressionMistake): of is ExpressionMistake => 'message' in of;

/** The arguments that an expression names, or those of them that it names within a part of it; undefined: it reads none. */
export function argumentsOf(
  { reads, named }: Pick<Expression, 'reads' | 'named'>,
  range?: { start: number; end: number },
): { named: readonly string[] } | undefined {
  if (!reads.has('args')) return undefined;
  const near = named.filter(({ start, end }) => range === undefined || (start < range.end && range.start < end));
  return { named: [...new Set((near.length === 0 ? named : near).map(({ path }) => path.join('.')))] };
}

function otherThan(result: 'bool' | 'number', type: string | undefined): ExpressionMistake | undefined {
  const types = result === 'bool' ? ['bool', 'dyn'] : ['int', 'uint', 'double', 'dyn'];
  if (types.includes(type ?? '')) return undefined;
  return { message: `it is ${type ?? 'nothing'}, and not ${result === 'bool' ? 'true or false' : 'a number'}`, at: 0 };
}

function typeMistakeIn(
  text: string,
  result: 'bool' | 'number',
  types: ReadonlyMap<string, ArgumentType>,
): ExpressionMistake | undefined {
  try {
    const checked = checkingWith(types).parse(text).check();
    if (checked.valid) return otherThan(result, checked.type);
    const { code, summary } = partsOf(checked.error);
    // Of what the checker is stricter about than what runs nothing is said.
    const isOfTypes = (code === 'no_such_overload' || code === 'no_matching_overload') && !/[$]|null|map/.test(summary);
    return isOfTypes ? mistakeIn(checked.error, text) : undefined;
  } catch {
    // The expression could be read before, so nothing is known against it.
    return undefined;
  }
}

function patternMistake({ at, pattern }: { at: number; pattern: ASTNode | undefined }): ExpressionMistake | undefined {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
    return { message: 'write TEXT.matches("PATTERN") with the pattern in quotes', at };
  try {
    compiled(pattern.args);
    return undefined;
  } catch (error) {
    const message = error instanceof PatternTooLarge ? 'this pattern repeats too much' : 'this pattern is none of RE2';
    return { message, at: pattern.start };
  }
}

/** A part of the time that is asked for otherwise, or in a time zone that there is not. */
function timeMistake(node: ASTNode): ExpressionMistake | undefined {
  if ((node.op === '.' || node.op === '[]') && node.args[0].op === 'id' && node.args[0].args === 'time')
    return { message: 'time has no members; ask for a part of it, as time.getHours("Europe/Berlin")', at: node.start };
  if (node.op !== 'rcall' || !/^get[A-Z]/.test(node.args[0])) return undefined;
  const [zone] = node.args[2];
  if (zone?.op !== 'value' || typeof zone.args !== 'string') return undefined;
  const message = zoneMistake(zone.args);
  return message === undefined ? undefined : { message, at: zone.start };
}

function mistakeIn(error: unknown, text: string): ExpressionMistake {
  const { summary, range } = partsOf(error);
  const at = range?.start ?? 0;
  return {
    message: `${summary.replace('Unexpected token: EOF', 'it ends too early')}${adviceAbout(text, summary, at)}`,
    at,
  };
}

function failsAlways({ node, error }: { node: ASTNode; error: unknown }): ExpressionMistake {
  const { code } = partsOf(error);
  return { message: `this fails on every call: ${code.replaceAll('_', ' ')}${aboutConstant(code)}`, at: node.start };
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

/**
 * Why a server may read other arguments than the expression does: some member, at any depth, is one of JavaScript's prototypes, or no member that the
 * expression names but may be taken for one by a parser that ignores case; or by a web framework, which makes an `opts` with an `a` of `opts[a]`, and of
 * `opts.a` among the arguments themselves.
 */
function mistakableIn(args: unknown, keys: KnownKeys): string | undefined {
  let isMistakable = false;
  const hasPrototype = someMember(args, (object, isOutermost) => {
    if (isOfPrototype(object)) return true;
    const names = Object.keys(object).flatMap((key) => {
      const [beginning = ''] = key.split(isOutermost ? /[[.]/ : '[', 1);
      return beginning === key || beginning === '' || keys.has(key) ? [{ key }] : [{ key }, { key: `${beginning}\0` }];
    });
    isMistakable ||= keys.mistakable(names) !== undefined;
    return false;
  });
  if (hasPrototype)
    return 'the arguments have a member __proto__ (or constructor.prototype), which a server may take for any other';
  return isMistakable ? 'the arguments have a member that a server may take for one it names' : undefined;
}
