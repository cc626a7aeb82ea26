// What the gateway would decide of something that is only named: for `rule test`.
import type { Principal } from '../domain/principal.ts';
import type { CompiledPolicy, Verdict } from './decide.ts';
import { judge, resourceWhats, uriPrefix, type Whats } from './judge.ts';

const RESOURCE = 'resource:';
const PROMPT = 'prompt:';

/**
 * `what`: `SERVER__TOOL`, `prompt:SERVER__NAME`, `resource:SERVER+URI`, or `resource:URI` of any of the `servers`: where they differ, the
 * first that denies it.
 */
export function previewVerdict(
  policy: CompiledPolicy,
  principal: Principal,
  servers: readonly string[],
  what: string,
): Verdict {
  const asked = askedOf(servers, what);
  const verdicts = asked.map(({ server, whats }) => ({ server, verdict: judge(policy, principal, server, whats) }));
  const [first] = verdicts;
  const chosen = verdicts.find(({ verdict }) => verdict.decision !== 'allow') ?? first;
  if (chosen === undefined) return judge(policy, principal, '', [what]);
  const { server, verdict } = chosen;
  if (verdicts.every((each) => each.verdict.decision === verdict.decision)) return verdict;
  return {
    ...verdict,
    reason: `${verdict.reason}, at server ${server}; another one allows it: ask with ${RESOURCE}SERVER+URI`,
  };
}

function askedOf(servers: readonly string[], what: string): { server: string; whats: Whats }[] {
  if (!what.startsWith(RESOURCE)) {
    const name = what.startsWith(PROMPT) ? what.slice(PROMPT.length) : what;
    const end = name.indexOf('__');
    return [{ server: end < 0 ? '' : name.slice(0, end), whats: [what] }];
  }
  const uri = what.slice(RESOURCE.length);
  const named = servers.find((server) => uri.startsWith(uriPrefix(server)));
  const own = named === undefined ? uri : uri.slice(uriPrefix(named).length);
  return (named === undefined ? servers : [named]).map((server) => ({ server, whats: resourceWhats(server, own) }));
}
