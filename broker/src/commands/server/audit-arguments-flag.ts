// `--audit-arguments`: what the log keeps of the values in arguments.
import { type AuditArguments, AuditArgumentsSchema } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';

export const AUDIT_ARGUMENTS_HELP =
  'what the audit log keeps of the values in arguments, sealed, for auditors: none, masked (without what looks like a secret) or full';

/** Throws `usage`. */
export function auditArgumentsOf(text: string): AuditArguments {
  const kept = AuditArgumentsSchema.safeParse(text);
  if (!kept.success) throw new GateError('usage', `--audit-arguments: "${text}" is none of none, masked, full`);
  return kept.data;
}
