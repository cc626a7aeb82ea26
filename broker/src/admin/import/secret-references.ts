// Who may save a server's record that refers to a secret.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from '../operation.ts';

/**
 * Throws `forbidden` where the caller is no administrator and `names`, the secrets that the record refers to, has one that the caller did not
 * bring along (`brought`). The reason: whoever decides where a server is receives the secrets that are sent there, those that do not exist yet
 * included.
 */
export function assertMaySend({ role }: Caller, names: readonly string[], brought: ReadonlySet<string>): void {
  const first = may(role, 'reach') ? undefined : names.find((name) => !brought.has(name));
  if (first === undefined) return;
  throw new GateError(
    'forbidden',
    `an administrator must give a server the secret ${first}: whoever says where a server is could read it there`,
  );
}
