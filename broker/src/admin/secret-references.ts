// Who may have a record refer to which secrets.
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from './operation.ts';

/**
 * Whoever says where a server is gets what is sent there: only an administrator may send a secret that is in the vault already. Throws
 * `forbidden`.
 */
export function assertMaySend({ role }: Caller, names: readonly string[], inVault: ReadonlySet<string>): void {
  const first = role === 'admin' ? undefined : names.find((name) => inVault.has(name));
  if (first === undefined) return;
  throw new GateError(
    'forbidden',
    `an administrator must give a server the secret ${first}: whoever says where a server is could read it there`,
  );
}
