// What an expression may cost, by its parsed form: how deep what goes through lists is nested in one another, how much is done in all of that together,
// and how often lists may be joined. The library bounds the size of an expression, and not what its parts do together.
import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf, pathOf } from './reads.ts';

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** What makes a text or a number, or fails before it costs anything. */
const SCALAR = new Set(['size', 'string', 'int', 'uint', 'double']);

export interface Cost {
  depth: number;
  /** How many times `+` may join two lists, each of which may be as long as all before. */
  joins: number;
  /** For so long a text of the arguments all loops together stay within what one evaluation may take. */
  longest: number;
  /** Where the last loop within a loop begins, or 0. */
  lastAt: number;
}

/** How many steps one evaluation may take, each of them a node of the expression for an entry; about a tenth of a second on one core. */
const MOST_STEPS = 10_000_000;
/** What a loop does for each entry besides what is written in it, in such steps. */
const STEPS_OF_LOOP = 3;
/** An entry of a list and its comma. */
const ENTRY_CHARS = 2;

export function costOf(ast: ASTNode): Cost {
  let joins = 0;
  let lastAt = 0;
  /** How many steps there are within so many loops, by their number. */
  const steps: number[] = [];
  const addSteps = (within: number, count: number): void => {
    steps[within] = (steps[within] ?? 0) + count;
  };
  /** `within`: how many loops it is in, and so how often it runs again for each entry of a list. */
  const depthOf = (node: ASTNode, within: number, parent?: ASTNode): number => {
    const isWithin = within > 0;
    const isLoop = node.op === 'rcall' && LOOPS.has(node.args[0]);
    const isJoin = node.op === '+' && !isScalar(node);
    if (isJoin) joins += 1;
    // What is joined or searched is gone through, too, which matters where that is done for each entry of another list.
    const isHidden = isWithin && ((isJoin && parent?.op !== '+') || isSearch(node));
    addSteps(within, 1);
    if (isLoop) addSteps(within + 1, STEPS_OF_LOOP);
    else if (isSearch(node) || (isWithin && goesThroughArguments(node))) addSteps(within + 1, 1);
    if (isLoop && isWithin) lastAt = Math.max(lastAt, node.start);
    const deepest = childrenOf(node).map((part) => depthOf(part, isLoop ? within + 1 : within, node));
    return Math.max(0, ...deepest) + (isLoop || isHidden ? 1 : 0);
  };
  const depth = depthOf(ast, 0);
  const entries = steps.slice(1).map((each, at) => (MOST_STEPS / each) ** (1 / (at + 1)));
  return { depth, joins, lastAt, longest: ENTRY_CHARS * Math.min(...entries) };
}

/** What looks at no value, and what has a bound of its own. */
const BOUNDED_CALLS = new Set(['has', 'matches']);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Whether it may read a text or a list of the arguments to its end, which is as long as a caller likes. Entries of a list are no longer together than the list. */
function goesThroughArguments(node: ASTNode): boolean {
  const isOfArguments = (part: ASTNode): boolean => pathOf('args', part) !== undefined;
  if (COMPARISONS.has(node.op)) return childrenOf(node).every(isOfArguments);
  const isCall = (node.op === 'call' || node.op === 'rcall') && !BOUNDED_CALLS.has(node.args[0]);
  return isCall && childrenOf(node).some(isOfArguments);
}

/** Whether it looks for something in a list that a caller may make as long as they like. */
function isSearch(node: ASTNode): boolean {
  if (node.op !== 'in') return false;
  const [, among] = node.args;
  return among.op !== 'list' && pathOf('user', among) === undefined;
}

function isScalar(node: ASTNode): boolean {
  if (node.op === 'value') return true;
  if (node.op === 'call' || node.op === 'rcall') return SCALAR.has(node.args[0]);
  if (node.op === '+') return node.args.some(isScalar);
  return node.op === '-' || node.op === '*' || node.op === '/' || node.op === '%' || node.op === '-_';
}
