// A public host such as api.github.com, stood in for on this machine: a proxy that leads there, and a certificate of a private authority.
// This is what a company with TLS inspection does, so the program that calls the host runs as it is.
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createPrivateAuthority } from '../world/network/private-authority.ts';

export interface StandInHost {
  /** What a Node program needs in its environment to reach the stand-in under the real name. */
  readonly env: Record<string, string>;
  /** Other hosts that were asked for, which nobody reached. */
  readonly elsewhere: readonly string[];
}

/** Stands in for `host`, port 443, until the test ends. The authority's certificate goes into `folder`, where the program may read it. */
export async function startStandInHost(
  t: TestContext,
  { host, folder, listener }: { host: string; folder: string; listener: RequestListener },
): Promise<StandInHost> {
  const authority = await createPrivateAuthority();
  const { certFile, keyFile } = await authority.issue(`DNS:${host}`);
  const caFile = join(folder, `${host}.pem`);
  copyFileSync(authority.caFile, caFile);
  const api = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, listener);
  authority.remove();
  const apiPort = await listen(t, api);

  const elsewhere: string[] = [];
  const proxy = createHttpServer((request, response) => {
    elsewhere.push(request.url ?? '');
    response.writeHead(403).end();
  });
  proxy.on('connect', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (request.url !== `${host}:443`) {
      elsewhere.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const onward = connect(apiPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
  });
  const proxyUrl = `http://127.0.0.1:${await listen(t, proxy)}`;
  return { env: { HTTPS_PROXY: proxyUrl, NODE_USE_ENV_PROXY: '1', NODE_EXTRA_CA_CERTS: caFile }, elsewhere };
}

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
