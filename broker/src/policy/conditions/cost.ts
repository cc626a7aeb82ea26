// What an expression may cost, by its parsed form: how deep what goes through lists is nested in one another, and how often lists may be joined. The
// library bounds the size of an expression, and not what its parts do together.
import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf, pathOf } from './reads.ts';

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** What makes a text or a number, or fails before it costs anything. */
const SCALAR = new Set(['size', 'string', 'int', 'uint', 'double']);

export interface Cost {
  depth: number;
  /** How many times `+` may join two lists, each of which may be as long as all before. */
  joins: number;
}

export function costOf(ast: ASTNode): Cost {
  let joins = 0;
  /** `isWithin`: it runs again for each entry of a list. */
  const depthOf = (node: ASTNode, isWithin: boolean, parent?: ASTNode): number => {
    const isLoop = node.op === 'rcall' && LOOPS.has(node.args[0]);
    const isJoin = node.op === '+' && !isScalar(node);
    if (isJoin) joins += 1;
    // What is joined or searched is gone through, too, which matters where that is done for each entry of another list.
    const isHidden = isWithin && ((isJoin && parent?.op !== '+') || isSearch(node));
    const deepest = childrenOf(node).map((part) => depthOf(part, isWithin || isLoop, node));
    return Math.max(0, ...deepest) + (isLoop || isHidden ? 1 : 0);
  };
  const depth = depthOf(ast, false);
  return { depth, joins };
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
