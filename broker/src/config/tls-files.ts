// The certificate of the broker's own TLS and its key, as they stand in their files: read together, and taken only where they fit.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

export interface TlsPair {
  cert: Buffer;
  key: Buffer;
  /** ms since the epoch. */
  expiresAt: number;
  /** Of the certificate, hex with colons. */
  fingerprint: string;
}

/** Throws `config` where they cannot be read, are none, or do not fit: while they are being replaced one may be newer than the other. */
export function readTlsFiles({ certFile, keyFile }: TlsFiles): TlsPair {
  const [cert, key] = [readPem(certFile), readPem(keyFile)];
  const certificate = parsed(certFile, 'certificate', () => new X509Certificate(cert));
  const privateKey = parsed(keyFile, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new GateError('config', `tls: the key in ${keyFile} is not that of the certificate in ${certFile}`);
  return { cert, key, expiresAt: certificate.validToDate.getTime(), fingerprint: certificate.fingerprint256 };
}

/** What is wrong with the time of a certificate: undefined where nothing is. */
export function expiryProblem({ certFile }: TlsFiles, { expiresAt }: TlsPair, now: number): string | undefined {
  if (expiresAt > now) return undefined;
  return `tls: the certificate in ${certFile} expired on ${new Date(expiresAt).toISOString().slice(0, 10)}`;
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new GateError('config', `tls: ${file} cannot be read: ${fileFault(error)}`, { cause: error });
  }
}

function parsed<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // The error of OpenSSL is left out: it says nothing that a person could use.
    throw new GateError('config', `tls: ${file} holds no whole ${what} in PEM`, { cause: error });
  }
}
