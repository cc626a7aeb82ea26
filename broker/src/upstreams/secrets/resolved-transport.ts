// A server's transport with its secrets put in, and the mask that keeps them out of every text that leaves.
import { carriedVersion } from '../../domain/call-record.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { identityHeaderOf, runsHere, type Transport } from '../../domain/transports/transports.ts';
import { fillTransport, type SecretValue, type Values } from 'mcpgate-shared/values/fill-values';
import { guardHome } from './home-folder.ts';
import { secretNamesIn } from '../../domain/transports/transport-texts.ts';
import { hiddenIn } from './hidden-values.ts';
import { createGrowingMask, createSecretMask, type HideToken, type SecretMask } from './secret-mask.ts';
import type { Secrets } from './secrets.ts';

/** What `secret set --from` was told, by the name of the secret. */
export type SecretSourceNames = ReadonlyMap<string, string>;

export interface ResolvedTransport {
  transport: Transport;
  /** `name@version`, sorted, each once. */
  versions: readonly string[];
  /** Where those are read that the vault does not keep, by name. */
  sources: SecretSourceNames;
  /** Replaces every secret value by `***`. */
  mask: SecretMask;
  /** A token that requests carry is hidden from now on. */
  hide: HideToken;
}

/** Names of the secrets that a record refers to. */
export function secretNamesOf(record: ServerRecord): ReadonlySet<string> {
  return new Set(secretNamesIn(record.transport));
}

/**
 * `keys`: of the account that the connection is made with. Throws `not_found` naming a secret that is missing, `config` naming one that
 * cannot stand where it is referred to.
 */
export async function resolveTransport(
  record: ServerRecord,
  vault: Pick<Secrets, 'value'>,
  keys: ReadonlyMap<string, string> = new Map(),
): Promise<ResolvedTransport> {
  const values = new Map<string, SecretValue>();
  const versions = new Set<string>();
  const sources = new Map<string, string>();
  for (const name of secretNamesOf(record)) {
    const secret = await vault.value(record.workspaceId, name);
    values.set(name, secret);
    if (secret.source !== undefined) sources.set(name, secret.source);
    versions.add(carriedVersion({ name, version: secret.version }));
  }
  const hidden = hiddenIn(record.transport, [
    ...[...values.values()].map(({ value }) => value),
    ...secretKeysOf(record).flatMap((name) => keys.get(name) ?? []),
  ]);
  const valueOf: Values = (name, kind) => {
    if (kind === 'secret') return values.get(name);
    const value = keys.get(name);
    return value === undefined ? undefined : { value, imported: false };
  };
  return {
    transport: fillTransport(record.transport, valueOf, runsHere(record.transport) ? guardHome : undefined),
    versions: [...versions].sort(),
    sources,
    ...maskOf(record, hidden),
  };
}

/** Where tokens come and go, what is hidden grows with them. */
function maskOf(record: ServerRecord, hidden: readonly string[]): Pick<ResolvedTransport, 'mask' | 'hide'> {
  if (record.account?.kind !== 'oauth' && identityHeaderOf(record.transport) === undefined)
    return { mask: createSecretMask(hidden), hide: () => undefined };
  const mask = createGrowingMask(hidden);
  return { mask, hide: (of, token) => mask.hide(of, hiddenIn(record.transport, [token])) };
}

/** What of an account nobody may read. */
function secretKeysOf({ account }: ServerRecord): string[] {
  return account?.kind === 'keys' ? account.fields.filter(({ secret }) => secret).map(({ name }) => name) : [];
}
