// Authorization rules as stored and as the policy reads them.
import type { LimitPer, RuleEffect } from 'mcpgate-shared/api/rules';
import type { Bundle } from './bundle.ts';
import type { AuthorizeHook } from './hook.ts';

export type Enforcement = 'off' | 'observe' | 'enforce';

/** How often, or how much, within any time of that length. */
export interface RuleLimit {
  /** Calls, or what `sum` adds up to. */
  most: number;
  withinMs: number;
  /** Who shares the allowance: nobody, the people of a group, or everybody for whom the rule matches. */
  per: LimitPer;
  /** A CEL expression for the number that each call adds, such as `args.amount`; left out: calls are counted. */
  sum?: string;
}

export interface Rule {
  /** Short, stable, shown in denials: `r_` and 6 characters. */
  id: string;
  effect: RuleEffect;
  /** `*`, `user:NAME`, `group:NAME`, `role:R`, `grant:LABEL`, `device:NAME`, `client:NAME`; globs in NAME; `net:CIDR`. Any one of them matches. */
  who: readonly string[];
  /** Written like `who`: the rule does not match whoever is named here. */
  except: readonly string[];
  /** Globs over `SERVER__TOOL`, `resource:URI`, `prompt:SERVER__NAME`, or `read:SERVER`, `write:SERVER`, `bundle:NAME`. Any one of them matches. */
  what: readonly string[];
  /** A CEL condition. The rule matches only where it is true; where it cannot be evaluated, the call is denied. */
  when?: string;
  limits: readonly RuleLimit[];
  /** From this time on (ms since the epoch) the rule does nothing. */
  until?: number;
  /** The rule decides nothing: the record says where it would have denied. */
  observe: boolean;
  /** Who may say yes where the rule asks, written like `who`. */
  approvers: readonly string[];
  note?: string;
  /** The configuration that it stands in, where one does. */
  managedBy?: string;
  createdAt: number;
  createdBy: string;
}

/** What a rule says beyond who may do what, where it says nothing more. */
export const PLAIN_RULE = { except: [], limits: [], observe: false, approvers: [] } as const satisfies Partial<Rule>;

/** A rule to be added; what is left out is as in `PLAIN_RULE`. */
export type NewRule = Pick<Rule, 'effect' | 'who' | 'what' | 'createdBy'> &
  Partial<Omit<Rule, 'id' | 'createdAt' | 'managedBy'>>;

/** The rules and bundles of a workspace and its enforcement at one time. `version` grows with every change; each call's record has it. */
export interface PolicySnapshot {
  version: number;
  enforcement: Enforcement;
  /** In the order in which they were added. */
  rules: readonly Rule[];
  /** Sorted by their names. */
  bundles?: readonly Bundle[];
  /** Is asked about calls that the rules let through; left out where there is none, or it is disabled. */
  hook?: AuthorizeHook;
}
