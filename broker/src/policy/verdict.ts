// What the policy is asked, and what it answers. `compile-policy.ts` makes a policy that answers; all of it is pure.
import type { Decision } from '../domain/call-record.ts';
import type { AuthorizeHook } from '../domain/hook.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { LimitPer } from 'mcpgate-shared/api/rules';
import type { RuleNames } from './naming.ts';

/** What is known of a call besides who makes it, and of what. */
export interface Facts {
  /** ms since the epoch: by it rules end, and conditions know the time. */
  now: number;
  /** The AI client, as it names itself. */
  client: { name: string | null; version: string | null };
  /** Where the call comes from, behind trusted proxies. Undefined: not known, which speaks against the call. */
  address: string | undefined;
  /** The arguments, which conditions may read; asked for at most once, and only where a condition is. Undefined: there is no call yet. */
  args?: (() => CallArguments) | undefined;
}

export interface CallArguments {
  /** As JSON is parsed. */
  value: unknown;
  /** Of their text. Infinity: they were not parsed, because they are large. */
  length: number;
}

export const NO_ARGUMENTS: CallArguments = { value: {}, length: 2 };

export interface Question {
  principal: Principal;
  /** The server's name; empty where no known server has the thing. */
  server: string;
  /** All names of the thing, as the caller wrote it; the first is the server's own. */
  names: RuleNames;
  facts: Facts;
}

/** An allowance that a call takes of. */
export interface LimitOf {
  rule: string;
  /** Which limit of the rule, from 0. */
  place: number;
  most: number;
  withinMs: number;
  per: LimitPer;
  /** What is added up; left out: calls are counted. */
  sum?: string;
  /** Whose allowance it is: `user:ID`, `group:NAME`, or empty where everybody shares it. */
  subject: string;
  /** How much the call takes. */
  amount: number;
  /** The rule only observes: a call beyond the limit goes through, and its record says so. */
  observe: boolean;
}

/** The hook that is to be asked about a call. */
export interface HookOf {
  hook: AuthorizeHook;
  /** The server's name, and all names of the thing. */
  server: string;
  names: RuleNames;
  /** The workspace only observes: what the hook denies goes through, and its record says so. */
  isObserving: boolean;
}

/** Why nobody has decided: the hook cannot be asked, or a rule cannot be evaluated, on these arguments (those of them that it depends on) or at all. */
export type Undecided = { by: 'hook' } | { by: 'arguments'; named: readonly string[] } | { by: 'rule' };

export interface Verdict {
  /** `ask`: somebody has to say yes first. */
  decision: Decision | 'ask';
  /** The rule that decided, `grant-bound` where the credential is not bound to the server, or null: no rule matched. */
  rule: string | null;
  /** One sentence for the person who was denied. */
  reason: string;
  /** What has to be taken of these allowances before the call is made; left out where there are none. */
  limits?: readonly LimitOf[];
  /** Of a deny for want of allowance: when enough of it is free again, ms since the epoch; Infinity: never. */
  retryAt?: number;
  /** Of a deny that nobody has decided, so that asking for access does not end it. */
  undecided?: Undecided;
  /** Somebody outside is to be asked before the call is made, and may deny it; left out: nobody is. */
  hook?: HookOf;
  /** Of `ask`: who may say yes, written like WHO. */
  approvers?: readonly string[];
}

/** A policy made ready for many decisions: globs and conditions compiled, rules indexed. Rules that cannot match cost nothing. */
export interface CompiledPolicy {
  version: number;
  /** How much memory the kept verdicts take, about. */
  readonly cachedBytes: number;
  /** From this time on (ms since the epoch) another rule has ended, and the policy should be compiled anew. */
  readonly until: number;
  /** The one verdict on a thing over all its names, and over all spellings of a resource's URI. */
  decide(question: Question): Verdict;
  /**
   * What can be said before there is a call: it is a deny only where every call would be denied. A condition on arguments or the time may be
   * true of an allow, and not of a deny. Limits are not looked at.
   */
  foresee(question: Question): Verdict;
  /** False: no rule can allow anything of this server, whatever it offers. True: some of it may be allowed. */
  mayUse(principal: Principal, server: string): boolean;
}
