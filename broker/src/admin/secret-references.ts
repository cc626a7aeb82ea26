// `${secret:NAME}` in the values of a server's record.
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
