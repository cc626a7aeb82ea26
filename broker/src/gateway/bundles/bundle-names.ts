// The name that rules have for all tools of a bundle.
import type { RuleNames } from '../../policy/naming.ts';
import { throughBundle } from '../../policy/shown-bundle.ts';
import type { SessionScope } from '../session-scope.ts';

/** The names of a tool as it is called in this session. */
export function inBundle({ bundle }: Pick<SessionScope, 'bundle'>, names: RuleNames): RuleNames {
  return throughBundle(bundle, names);
}
