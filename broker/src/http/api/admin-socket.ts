// The administration's socket, `DATA/admin.sock`: the same API with full rights, for whoever may open the file (0600 in a 0700 folder).
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Operation } from '../../admin/operation.ts';
import { registerApi, refuseMethod, type ApiParts } from './api-routes.ts';
import { socketCaller, type ResolveCaller } from './callers.ts';
import type { EnterWorkspace } from './enter-workspace.ts';
import type { RefusedRequests } from '../doors/refused-requests.ts';
import { createFastifyApp } from '../fastify-app.ts';
import { startingHandler, type RequestHandler } from '../request-handler.ts';
import { pathOf } from '../doors/canonical-path.ts';
import { endUnread } from '../doors/unread-body.ts';

/** The longest path of a Unix socket: Linux allows 108 bytes with the NUL at its end, macOS 104. */
const MAX_PATH_BYTES = 103;

export interface AdminSocket {
  readonly path: string;
  readonly server: Server;
  attach(handler: RequestHandler): void;
  close(): Promise<void>;
}

/**
 * Opens the socket; until `attach` is called it answers that the broker is starting. The caller holds the data folder's lock, so a socket file that
 * is there already belongs to no running broker, and is removed. Throws `config` where the path is too long.
 */
export async function openAdminSocket(dataDir: string): Promise<AdminSocket> {
  const path = join(dataDir, 'admin.sock');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new GateError(
      'config',
      `data: ${dataDir} is too long for a socket in it; choose a folder of at most ${MAX_PATH_BYTES - 11} bytes`,
    );
  }
  rmSync(path, { force: true });
  const server = createServer();
  let handle = startingHandler(() => 'is starting; try again in a moment');
  const serve: RequestHandler = (request, response) => {
    endUnread(request, response);
    handle(request, response);
  };
  server.on('request', serve);
  // As over TCP: the request is handled before the client is told to send its body.
  server.on('checkContinue', serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // `listen` makes the file within this call, so no other file is made while this mask is set.
    const umask = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(umask);
  });
  chmodSync(path, 0o600);
  return {
    path,
    server,
    attach(handler) {
      handle = handler;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      rmSync(path, { force: true });
    },
  };
}

/** Serves the operations on the socket from now on. */
export async function serveAdministration(options: {
  socket: Pick<AdminSocket, 'server' | 'attach'>;
  enterWorkspace: EnterWorkspace;
  operations: readonly Operation[];
  refused: Pick<RefusedRequests, 'watch' | 'by'>;
  api: Pick<ApiParts, 'clock' | 'idempotency' | 'edits'>;
  log: FastifyBaseLogger;
}): Promise<void> {
  const app = createFastifyApp({ listener: options.socket, log: options.log, trustedProxies: [] });
  options.refused.watch(app, 'socket');
  const callerOf = socketCaller(options.enterWorkspace);
  const resolveCaller: ResolveCaller = async (request, operation) => {
    const caller = await callerOf(request, operation);
    options.refused.by(request.raw, { name: caller.actor.name, workspaceId: caller.workspaceId });
    return caller;
  };
  const allowOf = registerApi(app, options.operations, resolveCaller, options.api);
  app.setNotFoundHandler((request, reply) => {
    const allow = allowOf(pathOf(request.url));
    if (allow !== undefined) return refuseMethod(request, reply, allow);
    throw new GateError(
      'not_found',
      `the broker does not know ${request.method} ${request.url.split('?', 1)[0]}; are both of one version?`,
    );
  });
  await app.ready();
}
