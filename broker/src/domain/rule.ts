// Authorization rules as stored and as the policy reads them.
import type { RuleEffect } from 'mcpgate-shared/api/rules';

export type Enforcement = 'off' | 'observe' | 'enforce';

export interface Rule {
  /** Short, stable, shown in denials: `r_` and 6 characters. */
  id: string;
  effect: RuleEffect;
  /** `*`, `user:NAME`, `group:NAME`, `role:R`, `grant:LABEL`; globs in NAME. Any one of them matches. */
  who: readonly string[];
  /** Globs over `SERVER__TOOL`, `resource:URI`, `prompt:SERVER__NAME`. Any one of them matches. */
  what: readonly string[];
  note?: string;
  createdAt: number;
  createdBy: string;
}

/** The rules of a workspace and its enforcement at one time. `version` grows with every change; each call's record has it. */
export interface PolicySnapshot {
  version: number;
  enforcement: Enforcement;
  rules: readonly Rule[];
}
