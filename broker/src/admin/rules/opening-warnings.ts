// What status says of rules that open much: those that allow everybody everything, and those that took something away and were removed.
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Audit, LoggedEvent } from '../../audit/audit.ts';
import type { Rule } from '../../domain/rule.ts';
import { toRule } from './rule-view.ts';

/** For how long a removed rule is missed. */
const MISSED_MS = 7 * 86_400_000;
const MOST_SHOWN = 5;

/** The latest first. */
export async function removedRules(
  audit: Pick<Audit, 'searchEvents'>,
  workspaceId: string,
  now: number,
): Promise<readonly LoggedEvent[]> {
  return await audit.searchEvents({ workspaceId, type: 'rule.removed', since: now - MISSED_MS, limit: 100 });
}

export function openingWarnings(rules: readonly Rule[], removed: readonly LoggedEvent[]): string[] {
  const there = new Set(rules.map((rule) => ruleSentence(toRule(rule, 0))));
  const missed = removed.filter(
    ({ data }) => data['effect'] !== 'allow' && data['observe'] !== true && !there.has(String(data['sentence'])),
  );
  return [
    ...rules
      .filter(({ effect, who, except, what, when, observe }) => {
        const isWide = who.includes('*') && what.includes('*') && except.length === 0;
        return effect === 'allow' && !observe && isWide && when === undefined;
      })
      .map(({ id }) => `rule ${id} allows everybody everything that no other rule denies`),
    ...missed
      .slice(0, MOST_SHOWN)
      .map(
        ({ subject, actor, data }) =>
          `${(subject ?? '').replace(':', ' ')} was removed by ${actor}: ${String(data['sentence'])}; add it again if that was not meant`,
      ),
    ...(missed.length > MOST_SHOWN ? [`and ${missed.length - MOST_SHOWN} more such rules were removed in 7 days`] : []),
  ];
}
