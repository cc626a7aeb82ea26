// What the gateway would decide of something that is only named: for `rule test`.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from './decide.ts';
import { judge } from './judge.ts';
import { RESOURCE, subjectsOf } from './naming.ts';

/**
 * `name`: as rules have it, or `resource:URI` of any of the `servers`: where they differ, the verdict is the first that is not to allow it.
 */
export function previewVerdict(
  policy: CompiledPolicy,
  principal: Principal,
  servers: readonly string[],
  name: string,
): Verdict {
  const verdicts = subjectsOf(name, servers).map(({ server, names }) => ({
    server,
    verdict: judge(policy, principal, server, names),
  }));
  const [first] = verdicts;
  const chosen = verdicts.find(({ verdict }) => verdict.decision !== 'allow') ?? first;
  if (chosen === undefined) return judge(policy, principal, '', [name]);
  const { server, verdict } = chosen;
  if (verdicts.every((each) => each.verdict.decision === verdict.decision)) return verdict;
  return {
    ...verdict,
    reason: `${verdict.reason}, at server ${server}; another one allows it: ask with ${RESOURCE}SERVER+URI`,
  };
}
