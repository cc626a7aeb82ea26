// The TCP socket that the broker serves on. It is opened before any other part is made, so that a port in use is told in one clear line, and because
// the public URL may depend on the port. Until a handler is attached it answers that the broker is starting.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import { originOf, type ListenAddress } from '../config/listen-address.ts';
import { readTlsFiles, type TlsFiles } from '../config/tls-files.ts';
import type { BadRequest, BadRequests } from './doors/bad-requests.ts';
import { startingHandler, type RequestHandler } from './request-handler.ts';
import { createStrangerConnections } from './doors/stranger-connections.ts';
import { endUnread } from './doors/unread-body.ts';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Listener {
  readonly server: Server;
  /** The address that it listens on, with the real port where the configuration said 0. */
  readonly address: ListenAddress;
  readonly origin: string;
  attach(handler: RequestHandler): void;
  /** A known client has sent a request over this connection: it no longer counts as a stranger's (`stranger-connections.ts`). */
  known(socket: Socket): void;
  /** WebSocket upgrades of `path` go to `handler`; any other upgrade is handled as a plain request. */
  attachUpgrade(path: string, handler: UpgradeHandler): void;
  /** Waits until every answer under way has left, at most `limitMs`. Goes on answering (503 at `/readyz`) meanwhile. */
  finish(limitMs: number): Promise<void>;
  /** Stops accepting, ends idle connections, and cuts what still runs. */
  close(): Promise<void>;
}

/** How long a client may take to send a request's head, and the whole request, so that slow senders cannot hold connections. */
export interface ListenerTimeouts {
  headersMs: number;
  requestMs: number;
  /** How often the two times above are checked. */
  checkMs: number;
}
const TIMEOUTS: ListenerTimeouts = { headersMs: 10_000, requestMs: 60_000, checkMs: 5_000 };
const BAD_REQUESTS: Readonly<Record<string, { reason: BadRequest; status: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { reason: 'slow', status: '408 Request Timeout' },
  HPE_HEADER_OVERFLOW: { reason: 'headers_too_long', status: '431 Request Header Fields Too Large' },
};
const MAX_HEADER_BYTES = 16 * 1024;

/** Throws `conflict` (port in use), `config` (address or certificate that cannot be used). */
export async function openListener(
  address: ListenAddress,
  tls: TlsFiles | undefined,
  badRequests: BadRequests,
  {
    isTrusted,
    timeouts = TIMEOUTS,
  }: { isTrusted: (address: string | undefined) => boolean; timeouts?: ListenerTimeouts },
): Promise<Listener> {
  let handle = startingHandler(() => 'is starting; try again in a moment');
  let upgrade: { path: string; handler: UpgradeHandler } | undefined;
  const wantsUpgrade = (request: IncomingMessage): boolean =>
    upgrade !== undefined && pathOf(request) === upgrade.path && request.headers.upgrade?.toLowerCase() === 'websocket';

  const options = {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    handshakeTimeout: timeouts.headersMs,
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: timeouts.checkMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    shouldUpgradeCallback: wantsUpgrade,
  };
  const server = tls === undefined ? createServer(options) : createTls(options, tls);
  server.maxHeadersCount = 100;
  const strangers = createStrangerConnections({
    isTrusted,
    onEnded: (address) => badRequests.note('too_many', address),
  });
  server.on('connection', (socket) => strangers.opened(socket));
  let open = 0;
  const serve: RequestHandler = (request, response) => {
    open += 1;
    strangers.used(request.socket);
    response.once('close', () => (open -= 1));
    endUnread(request, response);
    handle(request, response);
  };
  server.on('request', serve);
  // Without this Node would tell the client at once to send its body. It is told so later, once it is known who asks (`fastify-app.ts`).
  server.on('checkContinue', serve);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    strangers.known(request.socket);
    if (upgrade !== undefined && wantsUpgrade(request)) upgrade.handler(request, socket, head);
    else socket.destroy();
  });
  const peerOf = (socket: Duplex): string | undefined => (socket instanceof Socket ? socket.remoteAddress : undefined);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const { reason, status } = BAD_REQUESTS[error.code ?? ''] ?? { reason: 'malformed', status: '400 Bad Request' };
    badRequests.note(reason, peerOf(socket));
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // Load balancers that only check whether the port is open reset the connection.
    if (error.code !== 'ECONNRESET') badRequests.note('tls', socket.remoteAddress);
  });
  await listen(server, address);

  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  const real = { host: address.host, port };
  return {
    server,
    address: real,
    origin: originOf(real, tls !== undefined),
    attach(handler) {
      handle = handler;
    },
    known: (socket) => strangers.known(socket),
    attachUpgrade(path, handler) {
      upgrade = { path, handler };
    },
    async finish(limitMs) {
      const deadline = Date.now() + limitMs;
      while (open > 0 && Date.now() < deadline) await delay(20);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createTls(options: object, tls: TlsFiles): Server {
  const { cert, key } = readTlsFiles(tls);
  return createTlsServer({ ...options, cert, key });
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        const message = `port ${port} on ${host} is in use, perhaps by another broker; choose another one with --listen HOST:PORT`;
        reject(new GateError('conflict', message, { cause: error }));
      } else {
        reject(
          new GateError(
            'config',
            `cannot listen on ${host}:${port} (${error.code ?? error.message}); choose another address with --listen`,
            { cause: error },
          ),
        );
      }
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}
