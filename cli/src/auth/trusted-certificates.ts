// Whom TLS trusts: Node's own list, the system's store (corporate CAs live there), and the files that the environment kept at login
// names, because AI clients start the daemon without it.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import type { Environment } from '../settings-file.ts';

/** PEM texts for `ca` of a TLS connection. Takes some 60 ms: ask once, and only where TLS is used. */
export function trustedCertificates(env: Environment): string[] {
  const certificates = new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]);
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const path = env[name];
    if (path !== undefined && path !== '') certificates.add(readPem(name, path));
  }
  return [...certificates];
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `${name} names a file that cannot be read: ${detail}`, { cause: error });
  }
}
