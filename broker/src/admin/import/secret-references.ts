// Who may have a record refer to which secrets.
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from '../operation.ts';

/**
 * Whoever says where a server is gets what is sent there, now or once it is set: only an administrator may have a server use a secret that
 * the caller has not brought along (`brought`), whether or not it exists already. Throws `forbidden`.
 */
export function assertMaySend({ role }: Caller, names: readonly string[], brought: ReadonlySet<string>): void {
  const first = role === 'admin' ? undefined : names.find((name) => !brought.has(name));
  if (first === undefined) return;
  throw new GateError(
    'forbidden',
    `an administrator must give a server the secret ${first}: whoever says where a server is could read it there`,
  );
}
