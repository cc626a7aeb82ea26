// Whether somebody outside is to be asked about a call that the rules let through, and what their answer makes of the verdict: it can take away, and
// never give.
import { type AuthorizeHook, hookRule } from '../domain/hook.ts';
import { PLAIN_RULE, type Rule } from '../domain/rule.ts';
import type { RuleNames } from './naming.ts';
import { createStandingFinder } from './standing.ts';
import type { Question, Verdict } from './verdict.ts';

/** What came of asking. `away`: there was no answer that says anything; `retryAt`: when it is asked again, ms since the epoch. */
export type HookAnswer =
  | { decision: 'allow' | 'deny' | 'ask'; reason: string | null }
  | { decision: 'away'; reason: string; retryAt?: number };

/** For how many things it is remembered whether the hook is about them. */
const MOST_KEPT = 10_000;

const EVERYBODY = { against: ['*'], favour: ['*'], sure: ['*'], hope: ['*'] };

/** Adds to a verdict that the hook has to be asked, where that is so. `isObserving`: the workspace denies nothing. */
export function createHooked(
  hook: AuthorizeHook | undefined,
  isObserving: boolean,
): (verdict: Verdict, question: Question) => Verdict {
  if (hook === undefined) return (verdict) => verdict;
  const isAbout = hook.what.length === 0 ? () => true : aboutOf(hook.what);
  return (verdict, { server, names }) =>
    verdict.decision === 'deny' || !isAbout(server, names)
      ? verdict
      : { ...verdict, hook: { hook, server, names, isObserving } };
}

/** A thing is meant where any of its names is, in any spelling: as of a rule that denies. */
function aboutOf(what: readonly string[]): (server: string, names: RuleNames) => boolean {
  const rule: Rule = { ...PLAIN_RULE, id: '', effect: 'deny', who: ['*'], what, createdAt: 0, createdBy: '' };
  const standingOf = createStandingFinder([rule]);
  const known = new Map<string, boolean>();
  return (server, names) => {
    const key = JSON.stringify([server, names]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const { meant, feared } = standingOf(EVERYBODY, server, names);
    const is = [...meant.map(({ matching }) => matching), ...feared].some(({ deny }) => deny.length > 0);
    if (known.size >= MOST_KEPT) known.clear();
    known.set(key, is);
    return is;
  };
}

/** `isApproved`: somebody has said yes to this very call already, so that nobody is asked again. */
export function afterHook(verdict: Verdict, answer: HookAnswer, isApproved: boolean): Verdict {
  const { hook: asked, ...own } = verdict;
  if (asked === undefined || answer.decision === 'allow') return verdict;
  const { hook, isObserving } = asked;
  const rule = hookRule(hook.name);
  const said = answer.reason === null ? '' : `: ${answer.reason}`;
  const limits = own.limits && { limits: own.limits };
  if (answer.decision === 'ask' && (isApproved || own.decision === 'ask')) return verdict;
  const reason =
    answer.decision === 'away'
      ? `the hook ${hook.name} has to allow it, and has not answered${said}`
      : answer.decision === 'ask'
        ? `the hook ${hook.name} asks somebody first${said}`
        : `the hook ${hook.name} denies it${said}`;
  if (isObserving) {
    if (own.decision === 'would_deny') return verdict;
    return { decision: 'would_deny', rule, reason: `${reason}; the workspace only observes`, ...limits };
  }
  if (answer.decision === 'ask')
    return { decision: 'ask', rule, reason, approvers: hook.approvers, hook: asked, ...limits };
  const retryAt = answer.decision === 'away' ? answer.retryAt : undefined;
  const undecided = answer.decision === 'away' && { undecided: { by: 'hook' as const } };
  return { decision: 'deny', rule, reason, ...undecided, ...(retryAt !== undefined && { retryAt }) };
}
