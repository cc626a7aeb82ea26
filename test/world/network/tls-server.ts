// An HTTPS server on this machine: with the given certificate, else with one of its own that nobody trusts.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createPrivateAuthority } from './private-authority.ts';

export interface TlsServer {
  url: string;
  /** The authority that signed its certificate where it has one of its own, PEM. */
  ca: string;
  close: () => void;
}

export async function startTlsServer(given?: { certFile: string; keyFile: string }): Promise<TlsServer> {
  const authority = await createPrivateAuthority();
  const { certFile, keyFile } = given ?? (await authority.issue('IP:127.0.0.1', 'DNS:localhost'));
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
  const ca = readFileSync(authority.caFile, 'utf8');
  authority.remove();
  const server = createServer({ key, cert }, (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
