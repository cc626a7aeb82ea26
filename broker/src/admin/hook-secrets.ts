// A hook's address is shown to operators and stands in the log, in exports and in plans, and so do its headers: a secret in them belongs in the vault, as
// one of a server does.
import type { Hook } from '../domain/hook.ts';
import { Mistake } from '../domain/mistake.ts';
import type { Transport } from '../domain/transports/transports.ts';
import { refusePlainSecrets } from './servers/record-refusals.ts';

interface Said {
  url: string;
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Throws `usage` where they say what looks like a secret. `known`: the names of secrets that are there; `before`: the hook as it was. */
export function refusePlainValues(
  name: string,
  said: Said,
  { workspaceId, known, before }: { workspaceId: string; known: ReadonlySet<string>; before?: Hook | undefined },
): void {
  const asked = ({ url, headers = {} }: Said): Transport => ({ kind: 'http', url, headers: { ...headers } });
  // Nothing of a syslog address can be secret: a host, and a port.
  if (said.url.startsWith('syslog+')) return;
  try {
    refusePlainSecrets(
      name,
      asked(said),
      workspaceId,
      known,
      before?.url.startsWith('syslog+') === false ? asked(before) : undefined,
    );
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const [, place = 'url'] = error.path;
    throw new Mistake(error.code, error.message, [String(place)], { cause: error });
  }
}
