// A rule as the API shows it, and as the log keeps it.
import { limitText, ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import type { Rule as RuleView } from 'mcpgate-shared/api/rules';
import type { AuditEvent } from '../../domain/call-record.ts';
import { changeNotes } from '../../domain/change-notes.ts';
import { PLAIN_RULE, type NewRule, type Rule } from '../../domain/rule.ts';
import { isoTime } from '../iso-time.ts';

export function toRule(rule: Rule, now: number): RuleView {
  return {
    id: rule.id,
    effect: rule.effect,
    who: [...rule.who],
    except: [...rule.except],
    what: [...rule.what],
    when: rule.when ?? null,
    limits: rule.limits.map(({ most, withinMs, per, sum }) => ({ most, within_ms: withinMs, per, sum: sum ?? null })),
    until: rule.until === undefined ? null : isoTime(rule.until),
    expired: rule.until !== undefined && rule.until <= now,
    observe: rule.observe,
    approvers: [...rule.approvers],
    note: rule.note ?? null,
    managed_by: rule.managedBy ?? null,
    created_at: isoTime(rule.createdAt),
    created_by: rule.createdBy,
  };
}

/** A rule as the log says it. */
export function ruleData(rule: Rule): AuditEvent['data'] {
  const { effect, who, except, what, when, limits, until, observe, approvers, note } = toRule(rule, 0);
  return {
    ...{ sentence: ruleSentence(toRule(rule, 0)), effect, who, except, what },
    ...{ when, limits: limits.map(limitText), until, observe, approvers, note: note ?? '' },
  };
}

/** Whether the rule says just what is asked for. */
export const isSaidBy = (rule: Rule, asked: NewRule): boolean =>
  JSON.stringify(ruleData(rule)) ===
  JSON.stringify(ruleData({ ...PLAIN_RULE, ...asked, id: rule.id, createdAt: rule.createdAt }));

/** What an event says of a rule that was added, changed or removed. */
export function ruleChange(before: Rule | undefined, after: Rule | undefined): AuditEvent['data'] {
  const rule = after ?? before;
  const fields = (of: Rule | undefined) => of && { ...ruleData(of), note: of.note };
  return { ...(rule && ruleData(rule)), ...changeNotes(fields(before), fields(after)) };
}
