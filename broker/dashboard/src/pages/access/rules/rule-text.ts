// A rule as text, as a configuration file has it (YAML), and back, with the place of each mistake.
import { RuleFormSchema, type RuleForm } from 'mcpgate-shared/api/config/configuration';
import { isNode, parseDocument, stringify, type Document } from 'yaml';
import type { ProblemPath } from '../../../api/problem.ts';
import { mistakesIn, tidied, type Mistake } from './rule-draft.ts';

export interface MarkedMistake extends Mistake {
  from: number;
  to: number;
}

export type ReadText = { form: RuleForm; mistakes: MarkedMistake[] } | { form?: undefined; mistakes: MarkedMistake[] };

export const textOf = (form: RuleForm): string => stringify(tidied(form), { lineWidth: 0 });

/** Where in the text `path` stands; the nearest that is there. */
function rangeOf(document: Document, path: ProblemPath, length: number): { from: number; to: number } {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return { from: node.range[0], to: Math.max(node.range[1], node.range[0] + 1) };
  }
  return { from: 0, to: length };
}

/** `others`: mistakes that somebody else has found, to be marked as well. */
export function readText(text: string, others: readonly Mistake[] = []): ReadText {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0)
    return {
      mistakes: document.errors.map(({ message, pos: [from, to] }) => ({ path: [], message, from, to })),
    };
  const marked = (each: Mistake): MarkedMistake => ({ ...each, ...rangeOf(document, each.path, text.length) });
  const value: unknown = document.toJS();
  const { success, data, error } = RuleFormSchema.safeParse(value);
  if (success) return { form: data, mistakes: [...mistakesIn(data), ...others].map(marked) };
  // A list that is none is told of twice: that it is none, and that it is not short enough.
  const issues = error.issues.filter(
    ({ message, path }, at, all) =>
      all.findIndex((other) => other.message === message && other.path.join() === path.join()) === at,
  );
  return {
    mistakes: issues.map((issue) => {
      const path = issue.path.map((each) => (typeof each === 'number' ? each : String(each)));
      // A key that nobody knows stands below what holds it.
      const inside = issue.code === 'unrecognized_keys' ? [...path, issue.keys[0] ?? ''] : path;
      return marked({ path: inside, message: issue.message });
    }),
  };
}
