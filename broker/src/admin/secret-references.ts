// `${secret:NAME}` in the values of a server's record.
import { GateError } from 'mcpgate-shared/error';
import type { Caller } from './operation.ts';
import type { Transport } from '../domain/server-record.ts';

export function secretReference(name: string): string {
  return `\${secret:${name}}`;
}

export function hasSecretReference(text: string): boolean {
  return /\$\{secret:[^}]+\}/.test(text);
}

function textsOf(transport: Transport): string[] {
  return transport.kind === 'stdio'
    ? [...transport.args, ...Object.values(transport.env)]
    : [transport.url, ...Object.values(transport.headers)];
}

/** Names of the secrets that a record refers to, each once. */
export function secretsOf(transport: Transport): string[] {
  const names = textsOf(transport).flatMap((text) =>
    [...text.matchAll(/\$\{secret:([^}]+)\}/g)].map((match) => match[1] ?? ''),
  );
  return [...new Set(names)];
}

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
