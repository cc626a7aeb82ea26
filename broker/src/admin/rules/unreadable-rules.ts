// What status says of rules whose expressions can not be used any more: a newer version refuses what it did not when the rule was added.
import type { Rule } from '../../domain/rule.ts';
import { compileExpression, isMistaken } from '../../policy/conditions/cel.ts';

/** A sentence for each such rule, by the function that the policy reads rules by. */
export function unreadableRules(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ id, when, limits }) => {
    const sums = limits.flatMap(({ sum }) => (sum === undefined ? [] : [compileExpression(sum, 'number')]));
    const mistake = [...(when === undefined ? [] : [compileExpression(when, 'bool')]), ...sums].find(isMistaken);
    return mistake === undefined
      ? []
      : [
          `rule ${id} denies every call that it is about, as its condition cannot be used: ${mistake.message}; add it anew, written otherwise, and remove this one`,
        ];
  });
}
