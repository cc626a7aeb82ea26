// A name or URI that was written without its server: which servers may be meant. It means a thing where exactly one of those that the caller may use
// has it. Who has it is for whoever asks to find out.
import { ruleNames, type RuleKind } from './naming.ts';
import type { CompiledPolicy, Question } from './verdict.ts';

/** Of a tool that was not looked up yet. */
const CLASSES = ['read', 'write'] as const;
const MOST_NAMED = 5;

/** What a rule denies is judged before it is looked for: nobody learns which servers have it. */
export function serversToAsk<S extends { name: string }>(
  policy: CompiledPolicy,
  { principal, facts }: Pick<Question, 'principal' | 'facts'>,
  servers: readonly S[],
  kind: RuleKind,
  own: string,
): S[] {
  const before = { ...facts, args: undefined };
  return servers.filter(
    ({ name }) =>
      policy.mayUse(principal, name) &&
      CLASSES.some((each) => {
        const names = ruleNames(kind, name, own, each);
        return policy.foresee({ principal, server: name, names, facts: before }).decision !== 'deny';
      }),
  );
}

/** What is said where several have it. `names`: quoted as they may be shown. */
export function ofSeveral(own: string, names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${own} is of several servers; ask for one of them: ${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}
