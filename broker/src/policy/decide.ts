// A pure function from who and what to a decision and the rule that made it. No clock, no I/O.
import type { Decision } from '../domain/call-record.ts';
import type { Principal } from '../domain/principal.ts';

export interface Verdict {
  decision: Decision;
  /** The rule that decided, `grant-bound` where the credential is not bound to the server, or null: no rule matched. */
  rule: string | null;
  /** One sentence for the person who was denied. */
  reason: string;
}

/** A snapshot made ready for many decisions: globs compiled, rules indexed. Cost is flat in the number of rules that cannot match. */
export interface CompiledPolicy {
  version: number;
  /** What is kept of answers that were given. */
  readonly cachedBytes: number;
  /** `what` is `SERVER__TOOL`, `resource:URI` or `prompt:SERVER__NAME`, with the server's own, uncut name. */
  decide(principal: Principal, server: string, what: string): Verdict;
  /** False: nothing of this server can be allowed, whatever it offers. True: something may be. */
  mayUse(principal: Principal, server: string): boolean;
}
