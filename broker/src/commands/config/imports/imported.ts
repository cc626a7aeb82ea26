// What comes of the configuration of another gateway: ours, and what could not be carried over as it was.
import type { RuleForm, WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';

export interface Imported {
  configuration: WrittenConfiguration;
  /** What is not, or not wholly, what it was there: each says where it stood. */
  left: string[];
  /** What was carried over and differs a little in what it means. */
  notes: string[];
  /** Secrets that stood in the file, and must be set by hand, by the names that they are referred to by. */
  secrets: string[];
}

/** Rules under names of their own. */
export interface RuleList {
  readonly rules: Record<string, RuleForm>;
  add(name: string, rule: RuleForm): void;
}

export function createRuleList(): RuleList {
  const rules: Record<string, RuleForm> = {};
  return {
    rules,
    add(wanted, rule) {
      const plain = wanted
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]+/g, '-')
        .replaceAll(/^[^a-z0-9]+|-+$/g, '')
        .slice(0, 44);
      const base = plain === '' ? 'rule' : plain;
      let name = base;
      for (let number = 2; Object.hasOwn(rules, name); number += 1) name = `${base}-${number}`;
      rules[name] = rule;
    },
  };
}
