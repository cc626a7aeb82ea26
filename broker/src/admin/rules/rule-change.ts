// The rules as they would be after a change that nobody has made yet, and which of them it is about.
import type { RuleChange } from 'mcpgate-shared/api/rules/previews';
import { PLAIN_RULE, type PolicySnapshot, type Rule } from '../../domain/rule.ts';
import { newRuleOf, type AskedRule } from './new-rule.ts';
import { noRule } from './rule-edits.ts';

export interface ChangedPolicy {
  after: PolicySnapshot;
  /** Those that are added, changed or left out; undefined: every decision may differ. */
  about: readonly Rule[] | undefined;
  added: readonly Rule[];
}

/** Throws `usage`, `not_found`. */
export function policyAfter(
  before: PolicySnapshot,
  change: RuleChange,
  { workspaceId, now }: { workspaceId: string; now: number },
): ChangedPolicy {
  const made = (asked: readonly AskedRule[]): Rule[] =>
    asked.map((each, at) => ({
      ...PLAIN_RULE,
      ...newRuleOf(each, 'preview', now),
      ...{ id: asked.length === 1 ? 'new' : `new${at + 1}`, createdAt: now },
    }));
  switch (change.kind) {
    case 'add': {
      const added = made(change.rules);
      return { after: { ...before, rules: [...before.rules, ...added] }, about: added, added };
    }
    case 'replace': {
      const added = made(change.rules);
      return { after: { ...before, rules: added }, about: [...before.rules, ...added], added };
    }
    case 'edit': {
      const old = before.rules.find(({ id }) => id === change.id);
      if (old === undefined) throw noRule(change.id, workspaceId);
      const { id, createdAt } = old;
      const edited = { ...PLAIN_RULE, ...newRuleOf(change.rule, old.createdBy, now), id, createdAt };
      const rules = before.rules.map((rule) => (rule === old ? edited : rule));
      return { after: { ...before, rules }, about: [old, edited], added: [edited] };
    }
    case 'remove': {
      const missing = change.ids.find((id) => !before.rules.some((rule) => rule.id === id));
      if (missing !== undefined) throw noRule(missing, workspaceId);
      const isOut = ({ id }: Rule): boolean => change.ids.includes(id);
      const about = before.rules.filter(isOut);
      return { after: { ...before, rules: before.rules.filter((rule) => !isOut(rule)) }, about, added: [] };
    }
    case 'enforcement':
      return { after: { ...before, enforcement: change.enforcement }, about: undefined, added: [] };
  }
}
