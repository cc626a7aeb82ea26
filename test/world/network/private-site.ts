// An HTTPS server on this machine whose certificate a private authority has signed, for whatever names a test gives it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { createPrivateAuthority, type PrivateAuthority } from './private-authority.ts';

export interface PrivateSite {
  server: Server;
  port: number;
  authority: PrivateAuthority;
  /** The authority's certificate, PEM. */
  ca: string;
}

/** `names`: such as `DNS:client.example` or `IP:127.0.0.1`. Gone after the test. */
export async function startPrivateSite(
  t: TestContext,
  names: readonly string[],
  answer: RequestListener,
): Promise<PrivateSite> {
  const authority = await createPrivateAuthority();
  const { certFile, keyFile } = await authority.issue(...names);
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
    authority.remove();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the site has no port');
  return { server, port: address.port, authority, ca: readFileSync(authority.caFile, 'utf8') };
}
