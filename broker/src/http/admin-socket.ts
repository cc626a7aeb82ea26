// The administration's socket, `DATA/admin.sock`: the same API with full rights, for whoever may open the file (0600 in a 0700 folder).
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Operation } from '../admin/operation.ts';
import { registerApi, socketCaller } from './api-routes.ts';
import type { EnterWorkspace } from './enter-workspace.ts';
import { createFastifyApp } from './fastify-app.ts';

/** Addresses of sockets end here on Linux (108 with the NUL) and macOS (104). */
const MAX_PATH_BYTES = 103;

export interface AdminSocket {
  readonly path: string;
  close(): Promise<void>;
}

/** The caller holds the data folder's lock: a socket that is there already is a dead one. */
export async function openAdminSocket(options: {
  dataDir: string;
  enterWorkspace: EnterWorkspace;
  operations: readonly Operation[];
  log: FastifyBaseLogger;
}): Promise<AdminSocket> {
  const path = join(options.dataDir, 'admin.sock');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new GateError(
      'config',
      `data: ${options.dataDir} is too long for a socket in it; choose a folder of at most ${MAX_PATH_BYTES - 11} bytes`,
    );
  }
  rmSync(path, { force: true });
  const server = createServer();
  const app = createFastifyApp({
    listener: { server, attach: (handler) => void server.on('request', handler) },
    log: options.log,
    trustedProxies: [],
  });
  registerApi(app, options.operations, socketCaller(options.enterWorkspace));
  app.setNotFoundHandler((request) => {
    throw new GateError(
      'not_found',
      `the broker does not know ${request.method} ${request.url.split('?', 1)[0]}; are both of one version?`,
    );
  });
  await app.ready();

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The file is made within this call: no other can be made under this mask.
    const umask = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(umask);
  });
  chmodSync(path, 0o600);
  return {
    path,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await app.close();
      rmSync(path, { force: true });
    },
  };
}
