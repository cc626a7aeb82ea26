// Answers `rule test`: the verdict that the gateway would find on a thing of which only the name is known.
import { CONNECT, verdictOnConnecting } from './connecting.ts';
import { ownNames, RESOURCE, subjectsOf, type Subject } from './naming.ts';
import type { CompiledPolicy, Question, Verdict } from './verdict.ts';

/**
 * `name`: as written in rules. `resource:URI` may mean a resource of each of `servers`: where their verdicts differ, the first one that does not
 * allow it is returned, and its reason says so. `accountsAt`: those of them at which the caller can have an account of their own, and
 * `SERVER__connect` is the tool that connects it. `subjects`: what is known of the things of that name.
 */
export function previewVerdict(
  policy: CompiledPolicy,
  caller: Pick<Question, 'principal' | 'facts'>,
  servers: readonly string[],
  name: string,
  accountsAt: readonly string[] = [],
  subjects: readonly Subject[] = subjectsOf(name, servers),
): Verdict {
  const verdicts = subjects.map(({ server, names }) => {
    const connects = accountsAt.includes(server) && name === ownNames('tools', server, CONNECT)[0];
    const verdict = connects
      ? verdictOnConnecting(policy, { ...caller, server })
      : policy.decide({ ...caller, server, names });
    return { server, verdict };
  });
  const [first] = verdicts;
  const chosen = verdicts.find(({ verdict }) => verdict.decision !== 'allow') ?? first;
  if (chosen === undefined) return policy.decide({ ...caller, server: '', names: [name] });
  const { server, verdict } = chosen;
  if (verdicts.every((each) => each.verdict.decision === verdict.decision)) return verdict;
  return {
    ...verdict,
    reason: `${verdict.reason}, at server ${server}; another one allows it: ask with ${RESOURCE}SERVER+URI`,
  };
}
