// What an expression reads of a call, by its parsed form: which variables, and which arguments by which names.
import type { ASTNode } from '@marcbachmann/cel-js';

export const VARIABLES = ['args', 'user', 'tool', 'time', 'client'];

/** What of a call a value may depend on. `client`: all of it, where it is read as a whole. */
export type Read = 'args' | 'time' | 'client' | 'client.name' | 'client.version' | 'client.address' | 'client.device';

/** An argument that an expression names. */
export interface NamedArgument {
  /** `["a.b", "c"]` of `args["a.b"].c`. */
  path: readonly string[];
  /** It is only asked whether it is there. */
  isAskedFor: boolean;
  /** Where in the text. */
  start: number;
  end: number;
}

/** A text that a member of `user` or `tool` is compared with. */
export interface Compared {
  /** `tool.class` */
  member: string;
  value: string;
}

export function comparedOf(ast: ASTNode): Compared[] {
  const compared: Compared[] = [];
  const add = (with_: ASTNode, values: readonly ASTNode[]) => {
    const member = memberOf(with_);
    if (member !== undefined)
      for (const value of values)
        compared.push(...[textOf(value) ?? []].flat().map((text) => ({ member, value: text })));
  };
  walk(ast, (node) => {
    if (node.op === '==' || node.op === '!=') {
      const [left, right] = node.args;
      add(left, [right]);
      add(right, [left]);
    }
    if (node.op === 'in' && node.args[1].op === 'list') add(node.args[0], node.args[1].args);
  });
  return compared;
}

function memberOf(node: ASTNode): string | undefined {
  for (const variable of ['user', 'tool']) {
    const path = pathOf(variable, node);
    if (path?.length === 1) return `${variable}.${path[0]}`;
  }
  return undefined;
}

const CLIENT = ['name', 'version', 'address', 'device'] as const;

export function readsOf(ast: ASTNode): { reads: ReadonlySet<Read>; named: readonly NamedArgument[] } {
  const reads = new Set<Read>();
  const named: NamedArgument[] = [];
  const asked = new Set<ASTNode>();
  /** What is a part of something that was seen already. */
  const seen = new Set<ASTNode>();
  walk(ast, (node) => {
    if (node.op === 'call' && node.args[0] === 'has') for (const each of node.args[1]) asked.add(each);
    if (node.op === 'in') {
      const [key, among] = [textOf(node.args[0]), pathOf('args', node.args[1])];
      if (key !== undefined && among !== undefined) {
        named.push({ path: [...among, key], isAskedFor: true, start: node.start, end: node.end });
        markChain(node.args[1], seen);
      }
    }
    const ofClient = pathOf('client', node)?.[0];
    const member = CLIENT.find((each) => each === ofClient);
    if (member !== undefined) {
      reads.add(`client.${member}`);
      markChain(node, seen);
    }
    const path = pathOf('args', node);
    if (path !== undefined && path.length > 0 && !seen.has(node)) {
      named.push({ path, isAskedFor: asked.has(node), start: node.start, end: node.end });
      markChain(node, seen);
    }
    if (node.op !== 'id') return;
    if (node.args === 'args' || node.args === 'time') reads.add(node.args);
    if (node.args === 'client' && !seen.has(node)) reads.add('client');
  });
  return { reads, named };
}

/** The members by which the node is reached from the variable; undefined: it is not, or not by names alone. */
export function pathOf(variable: string, node: ASTNode): string[] | undefined {
  if (node.op === 'id') return node.args === variable ? [] : undefined;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const before = pathOf(variable, node.args[0]);
  const member = node.op === '.' ? node.args[1] : textOf(node.args[1]);
  return before === undefined || member === undefined ? undefined : [...before, member];
}

const textOf = (node: ASTNode): string | undefined =>
  node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;

function markChain(node: ASTNode, seen: Set<ASTNode>): void {
  seen.add(node);
  if (node.op === '.' || node.op === '[]') markChain(node.args[0], seen);
}

/** Calls `visit` for each node. */
export function walk(node: ASTNode, visit: (node: ASTNode) => void): void {
  visit(node);
  for (const part of childrenOf(node)) walk(part, visit);
}

export function childrenOf(node: ASTNode): ASTNode[] {
  const into = (part: unknown): ASTNode[] => (Array.isArray(part) ? part.flatMap(into) : isNode(part) ? [part] : []);
  return into(node.args);
}

const isNode = (part: unknown): part is ASTNode =>
  typeof part === 'object' && part !== null && 'op' in part && 'input' in part;

/** `amount` of `args.amount` and of `args["amount"]`, and of what is below. */
export function argName(node: ASTNode): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const root = rootOf(node);
  if (root.op === 'id' && root.args !== 'args' && VARIABLES.includes(root.args)) return undefined;
  if (node.op === '.') return node.args[1];
  return textOf(node.args[1]);
}

/** The `args` of `args.a[0].b` */
function rootOf(node: ASTNode): ASTNode {
  return node.op === '.' || node.op === '[]' ? rootOf(node.args[0]) : node;
}
