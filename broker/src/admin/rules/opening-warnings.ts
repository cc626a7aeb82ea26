// What status says of rules that open much: those that allow everybody everything, and those that took something away and were removed.
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Audit, LoggedEvent } from '../../audit/audit.ts';
import type { Rule } from '../../domain/rule.ts';
import { toRule } from './rule-view.ts';

const MOST_SHOWN = 5;
/** How many rules that were removed, and how many of these removals that were said to be meant, are looked at. */
const MOST_LOOKED_AT = 1_000;

/** Those that nobody has said to be removed for good, the latest first. */
export async function removedRules(
  audit: Pick<Audit, 'searchEvents'>,
  workspaceId: string,
): Promise<readonly LoggedEvent[]> {
  const [removed, forgotten] = await Promise.all(
    ['rule.removed', 'rule.forgotten'].map((type) => audit.searchEvents({ workspaceId, type, limit: MOST_LOOKED_AT })),
  );
  // The latest comes first. A rule of a configuration has the same id when it is back, and may be removed again.
  const done = new Map((forgotten ?? []).toReversed().map(({ subject, ts }) => [subject, ts]));
  return (removed ?? []).filter(({ subject, ts }) => (done.get(subject) ?? '') < ts);
}

export function openingWarnings(rules: readonly Rule[], removed: readonly LoggedEvent[]): string[] {
  const there = new Set(rules.map((rule) => ruleSentence(toRule(rule, 0))));
  const missed = removed.filter(
    ({ data, ts }) =>
      data['effect'] !== 'allow' &&
      data['observe'] !== true &&
      !there.has(String(data['sentence'])) &&
      !isOver(data['until'], ts),
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
          `${(subject ?? '').replace(':', ' ')} was removed by ${actor}: ${String(data['sentence'])}; add it again, or \`rule forget ${(subject ?? '').replace('rule:', '')}\` if that was meant`,
      ),
    ...(missed.length > MOST_SHOWN ? [`and ${missed.length - MOST_SHOWN} more such rules were removed`] : []),
  ];
}

/** It had ended by itself when it was removed. */
const isOver = (until: unknown, removedAt: string): boolean =>
  typeof until === 'string' && Date.parse(until) <= Date.parse(removedAt);
