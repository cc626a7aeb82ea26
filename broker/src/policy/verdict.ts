// What the policy answers: a verdict for a principal and a thing of a server. `judge.ts` asks for one, `compile-policy.ts` finds it; all of it
// is pure.
import type { Decision } from '../domain/call-record.ts';
import type { Principal } from '../domain/people/principal.ts';

export interface Verdict {
  decision: Decision;
  /** The rule that decided, `grant-bound` where the credential is not bound to the server, or null: no rule matched. */
  rule: string | null;
  /** One sentence for the person who was denied. */
  reason: string;
}

/** A policy made ready for many decisions: globs compiled, rules indexed. Rules that cannot match cost nothing. */
export interface CompiledPolicy {
  version: number;
  /** How much memory the kept verdicts take, about. */
  readonly cachedBytes: number;
  /** The verdict on one name and spelling. `what`: `SERVER__TOOL`, `resource:URI` or `prompt:SERVER__NAME`, with the server's own, uncut name. */
  decide(principal: Principal, server: string, what: string): Verdict;
  /** False: no rule can allow anything of this server, whatever it offers. True: some of it may be allowed. */
  mayUse(principal: Principal, server: string): boolean;
}
