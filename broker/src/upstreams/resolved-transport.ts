// A server's transport with its secrets put in, and the mask that keeps them out of every text that leaves.
import type { ServerRecord, Transport } from '../domain/server-record.ts';
import { createMessageMask, type MessageMask } from './secret-mask.ts';
import type { Secrets } from './secrets.ts';

export interface ResolvedTransport {
  transport: Transport;
  /** `name@version`, sorted, each once. */
  versions: readonly string[];
  /** Replaces every secret value in a text by `***`. */
  mask: (text: string) => string;
  /** The same for messages of the server, which stay JSON; undefined where there is nothing to hide. */
  messageMask: MessageMask | undefined;
}

const REFERENCE = /\$\{secret:([^}]+)\}/g;
// Shorter values are not masked: they would blank out ordinary text and prove nothing.
const MIN_MASKED_LENGTH = 4;

/** Names of the secrets that a record refers to. */
export function secretNamesOf(record: ServerRecord): ReadonlySet<string> {
  const names = new Set<string>();
  for (const text of textsOf(record.transport)) for (const match of text.matchAll(REFERENCE)) names.add(match[1] ?? '');
  return names;
}

/** Throws `not_found` naming a secret that is missing. */
export async function resolveTransport(
  record: ServerRecord,
  vault: Pick<Secrets, 'resolve'>,
): Promise<ResolvedTransport> {
  const values = new Map<string, string>();
  const versions = new Set<string>();
  for (const name of secretNamesOf(record)) {
    const resolved = await vault.resolve(record.workspaceId, `\${secret:${name}}`);
    values.set(name, resolved.value);
    for (const version of resolved.versions) versions.add(version);
  }
  const fill = (text: string): string => text.replace(REFERENCE, (whole, name: string) => values.get(name) ?? whole);
  const fillAll = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, fill(value)]));

  const { transport } = record;
  const filled: Transport =
    transport.kind === 'stdio'
      ? { ...transport, args: transport.args.map(fill), env: fillAll(transport.env) }
      : { ...transport, url: fill(transport.url), headers: fillAll(transport.headers) };
  const hidden = [...values.values()];
  return {
    transport: filled,
    versions: [...versions].sort(),
    mask: createMask(hidden),
    messageMask: createMessageMask(hidden),
  };
}

function createMask(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets.filter((secret) => secret.length >= MIN_MASKED_LENGTH).sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return (text) => text;
  return (text) => hidden.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

function textsOf(transport: Transport): string[] {
  return transport.kind === 'stdio'
    ? [...transport.args, ...Object.values(transport.env)]
    : [transport.url, ...Object.values(transport.headers)];
}
