// The certificate authorities that TLS trusts: Node's own list, the system's store (with the company's CAs), and the files that the environment
// names. Callers pass the environment completed by what was kept at login, because AI clients start the daemon without these variables.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import tls from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import type { Environment } from '../laptop/settings-file.ts';

/** PEM texts for `ca` of a TLS connection. Takes some 60 ms, so call it once, and only where TLS is used. */
export function trustedCertificates(env: Environment): string[] {
  const certificates = new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]);
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const path = env[name];
    if (path !== undefined && path !== '') certificates.add(readPem(name, path));
  }
  // Node itself follows this variable only if the process was started with it.
  const folders = env['SSL_CERT_DIR'];
  if (folders !== undefined && folders !== '') {
    for (const folder of folders.split(delimiter)) for (const pem of readFolder(folder)) certificates.add(pem);
  }
  return [...certificates];
}

/** All certificates in the files of a folder, whatever their names, as OpenSSL reads them. */
function readFolder(folder: string): string[] {
  const paths = attempt('SSL_CERT_DIR', 'folder', () => readdirSync(folder)).map((name) => join(folder, name));
  return paths
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readPem('SSL_CERT_DIR', path))
    .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'));
}

const readPem = (name: string, path: string): string => attempt(name, 'file', () => readFileSync(path, 'utf8'));

function attempt<T>(name: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `${name} names a ${what} that cannot be read: ${detail}`, { cause: error });
  }
}
