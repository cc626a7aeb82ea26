// Parts of an expression that depend on nothing of the call. One that fails does so on every call, which a rule then denies: it is found before.
import { type ASTNode, serialize } from '@marcbachmann/cel-js';
import { childrenOf, walk } from './reads.ts';

/** The first such part that fails, with what it throws. `evaluate`: as it will be carried out; its loops are bounded. */
export function failingConstant(
  ast: ASTNode,
  evaluate: (text: string) => unknown,
): { node: ASTNode; error: unknown } | undefined {
  if (!isConstant(ast)) {
    for (const part of childrenOf(ast)) {
      const failing = failingConstant(part, evaluate);
      if (failing !== undefined) return failing;
    }
    return undefined;
  }
  if (ast.op === 'value') return undefined;
  try {
    evaluate(serialize(ast));
    return undefined;
  } catch (error) {
    return { node: ast, error };
  }
}

function isConstant(ast: ASTNode): boolean {
  let reads = false;
  walk(ast, ({ op }) => {
    reads ||= op === 'id';
  });
  return !reads;
}
