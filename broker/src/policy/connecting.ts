// Who may be offered to connect an account at a server. That is done by calling the tool `SERVER__connect`, which stands in the list where the server
// can list nothing before there is an account.
import { ownNames } from './naming.ts';
import type { CompiledPolicy, Question, Verdict } from './verdict.ts';

/** The own name of the tool. */
export const CONNECT = 'connect';

/** The verdict on the tool: whoever may use anything of the server may call it, unless a rule keeps it from them by its name. */
export function verdictOnConnecting(policy: CompiledPolicy, caller: Omit<Question, 'names'>): Verdict {
  const { principal, server } = caller;
  const verdict = policy.foresee({ ...caller, names: ownNames('tools', server, CONNECT) });
  const isNamed = verdict.decision !== 'deny' || verdict.rule !== null;
  if (isNamed || !policy.mayUse(principal, server)) return verdict;
  const reason = `no rule names it: whoever may use anything of ${server} may connect an account there`;
  return { decision: 'allow', rule: null, reason };
}
