// What status says of rules that open much: those that allow everybody everything, and those that took something away and were removed.
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Rule } from '../../domain/rule.ts';
import type { RemovedRule } from '../../store/repositories/policy.ts';
import { toRule } from './rule-view.ts';

const MOST_SHOWN = 5;

/** What is kept of a rule that is removed; undefined: nobody misses it, as it took nothing away or had ended by itself. */
export function missedFor(rule: Rule, by: string, now: number): { sentence: string; by: string } | undefined {
  const { effect, observe, until } = rule;
  if (effect === 'allow' || observe || (until !== undefined && until <= now)) return undefined;
  return { sentence: ruleSentence(toRule(rule, 0)), by };
}

export function openingWarnings(rules: readonly Rule[], removed: readonly RemovedRule[]): string[] {
  const there = new Set(rules.map((rule) => ruleSentence(toRule(rule, 0))));
  const missed = removed.filter(({ sentence }) => !there.has(sentence));
  return [
    ...rules
      .filter(({ effect, who, except, what, when, observe }) => {
        const isWide = who.includes('*') && what.includes('*') && except.length === 0;
        return effect === 'allow' && !observe && isWide && when === undefined;
      })
      .map(
        ({ id }) =>
          `rule ${id} allows everybody everything that no other rule denies; \`rule suggest\` says what is used, to allow that alone`,
      ),
    ...missed
      .slice(0, MOST_SHOWN)
      .map(
        ({ id, sentence, by }) =>
          `rule ${id} was removed by ${by}: ${sentence}; add it again, or \`rule forget ${id}\` if that was meant`,
      ),
    ...(missed.length > MOST_SHOWN ? [`and ${missed.length - MOST_SHOWN} more such rules were removed`] : []),
  ];
}
