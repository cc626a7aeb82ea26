// `--definitions`: what becomes of a tool that is new or has changed.
import { type DefinitionPolicy, DefinitionPolicySchema } from 'mcpgate-shared/api/definitions/definitions-api';
import { GateError } from 'mcpgate-shared/error';

export const DEFINITIONS_HELP =
  'what becomes of tools that are new or have changed: hold (until accepted), warn (served and told of; what is alarming is held) or accept';

/** Throws `usage`. */
export function definitionPolicyOf(text: string): DefinitionPolicy {
  const policy = DefinitionPolicySchema.safeParse(text);
  if (!policy.success) throw new GateError('usage', `--definitions: "${text}" is none of hold, warn, accept`);
  return policy.data;
}
