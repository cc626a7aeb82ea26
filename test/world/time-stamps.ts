// An authority for time stamps (RFC 3161): OpenSSL's own, behind a small HTTP server.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** Runs `openssl` in the folder, and throws what it says where it fails. */
function openssl(folder: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** `url` takes requests; `authority`: the certificate that the answers lead to, as a PEM file. */
export async function startTimeStamps(t: TestContext, folder: string): Promise<{ url: string; authority: string }> {
  mkdirSync(folder);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(folder, 'req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority');
  openssl(folder, 'req', ...key, '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/CN=stamps');
  writeFileSync(join(folder, 'use'), 'extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n');
  const issue = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'use', '-out', 'tsa.pem'];
  openssl(folder, 'x509', '-req', '-in', 'tsa.csr', ...issue);
  writeFileSync(join(folder, 'serial'), '01\n');
  const settings = ['default_tsa = it', '[it]', 'serial = serial', 'signer_cert = tsa.pem', 'signer_key = tsa.key'];
  const more = ['signer_digest = sha256', 'digests = sha256', 'default_policy = 1.2.3.4', 'ess_cert_id_alg = sha256'];
  writeFileSync(join(folder, 'tsa.cnf'), ['[tsa]', ...settings, ...more, ''].join('\n'));
  const server = createServer((request, response) => {
    void buffer(request).then((asked) => {
      writeFileSync(join(folder, 'asked.tsq'), asked);
      openssl(folder, 'ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'asked.tsq', '-out', 'answer.tsr');
      response.setHeader('content-type', 'application/timestamp-reply').end(readFileSync(join(folder, 'answer.tsr')));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authority: join(folder, 'ca.pem') };
}
