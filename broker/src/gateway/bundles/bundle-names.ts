// The name that rules have for all tools of a bundle. A tool has it in calls that come through the bundle, and in no other: whoever may use it as the
// bundle fixes it may not therefore use it otherwise.
import type { RuleNames } from '../../policy/naming.ts';
import type { SessionScope } from '../session-scope.ts';

/** The names of a tool as it is called in this session. */
export function inBundle({ bundle }: Pick<SessionScope, 'bundle'>, names: RuleNames): RuleNames {
  return bundle === undefined ? names : [...names, `bundle:${bundle.name}`];
}
