// A hook's address is shown to operators and stands in the log, in exports and in plans: a secret in it belongs in the vault, as one of a server does.
import { Mistake } from '../domain/mistake.ts';
import type { Transport } from '../domain/transports/transports.ts';
import { refusePlainSecrets } from './servers/record-refusals.ts';

/** Throws `usage` where the address says what looks like a secret. `known`: the names of secrets that are there; `before`: the address as it was. */
export function refusePlainUrl(
  hook: string,
  url: string,
  { workspaceId, known, before }: { workspaceId: string; known: ReadonlySet<string>; before?: string | undefined },
): void {
  const asked = (address: string): Transport => ({ kind: 'http', url: address, headers: {} });
  try {
    refusePlainSecrets(hook, asked(url), workspaceId, known, before === undefined ? undefined : asked(before));
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw new Mistake(error.code, error.message, ['url'], { cause: error });
  }
}
