// Which tool a test of a server may call. An operator gets no call by it that no rule allows: what they name must say of itself that it is
// read-only, while an administrator may know that of a tool which says nothing.
import { may } from 'mcpgate-shared/api/roles';
import { isDeepStrictEqual } from 'node:util';
import type { Probe } from '../../domain/server-record.ts';
import type { Caller } from '../operation.ts';

/** The probe as it is kept. `before`: the one that the record has, which stays what it is where nothing of it changes. */
export function keptProbe({ role }: Pick<Caller, 'role'>, wanted: Probe | null, before: Probe | null): Probe | null {
  if (wanted === null) return null;
  const { tool, arguments: values } = wanted;
  if (before?.tool === tool && isDeepStrictEqual({ ...before.arguments }, { ...values })) return before;
  return may(role, 'reach') ? { tool, arguments: values } : { tool, arguments: values, onlyIfReadOnly: true };
}
