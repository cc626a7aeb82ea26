// One verdict over the several names that rules may know a thing by.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from '../policy/decide.ts';

/** A rule that denies any of the names wins, then one that allows any of them. */
export function judge(
  policy: CompiledPolicy,
  principal: Principal,
  server: string,
  [first, ...others]: readonly [string, ...string[]],
): Verdict {
  const verdict = policy.decide(principal, server, first);
  if (others.length === 0) return verdict;
  const verdicts = [verdict, ...others.map((what) => policy.decide(principal, server, what))];
  return (
    verdicts.find(({ decision, rule }) => decision !== 'allow' && rule !== null) ??
    verdicts.find(({ decision }) => decision === 'allow') ??
    verdict
  );
}
