// Parts of an expression that depend on nothing of the call. One that fails does so on every call, which a rule then denies: it is found before.
import { type ASTNode, type ParseResult, serialize } from '@marcbachmann/cel-js';
import { childrenOf, walk } from './reads.ts';

/** The first such part that fails, with what it throws. `parse`: as it will be carried out. */
export function failingConstant(
  ast: ASTNode,
  parse: (text: string) => ParseResult,
): { node: ASTNode; error: unknown } | undefined {
  if (!isConstant(ast)) {
    for (const part of childrenOf(ast)) {
      const failing = failingConstant(part, parse);
      if (failing !== undefined) return failing;
    }
    return undefined;
  }
  if (ast.op === 'value') return undefined;
  try {
    parse(serialize(ast))({});
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
