// All HTTP requests to a broker: through the proxy that the environment names, with the system's trust store. Plain HTTP to this machine uses
// Node's own fetch; undici is loaded only where more is needed.
import type { Socket } from 'node:net';
import { GateError } from 'mcpgate-shared/error';
import type { buildConnector, Dispatcher } from 'undici';
import type { Environment } from '../laptop/settings-file.ts';
import { openBrokerSocket } from './broker-socket.ts';
import { isLoopback } from './broker-url.ts';
import { proxyFor } from './proxy-for.ts';
import { trustedCertificates } from './trusted-certificates.ts';

export interface HttpRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams | undefined;
  signal?: AbortSignal | undefined;
  redirect?: 'error' | 'follow' | 'manual';
}

export type HttpFetch = (url: string, request?: HttpRequest) => Promise<Response>;

export interface HttpFetcher {
  fetch: HttpFetch;
  /** Closes idle connections, so that a command can end at once. */
  close(): Promise<void>;
}

/** `keepsConnections`: false in the daemon, which makes few requests and must not keep a connection open besides its WebSocket. */
export function createHttpFetch(env: Environment, { keepsConnections = true } = {}): HttpFetcher {
  let opening: Promise<Dispatcher> | undefined;
  return {
    async fetch(url, request = {}) {
      const { protocol } = new URL(url);
      const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
      const init = keepsConnections ? given : { ...given, headers: { ...request.headers, connection: 'close' } };
      if (protocol === 'http:' && isLoopback(new URL(url))) return fetch(url, init);
      const undici = await import('undici');
      opening ??= openDispatcher(env).catch((error: unknown) => {
        opening = undefined; // nothing was opened that `close` would have to close
        throw error;
      });
      const response = await undici.fetch(url, { ...init, dispatcher: await opening });
      // Node's own Response, so that callers deal with one class only.
      return new Response(response.body === null ? null : ReadableStream.from(response.body), {
        status: response.status,
        statusText: response.statusText,
        headers: [...response.headers],
      });
    },
    async close() {
      const dispatcher = await opening;
      opening = undefined;
      await dispatcher?.close();
    },
  };
}

async function openDispatcher(env: Environment): Promise<Dispatcher> {
  const { Agent } = await import('undici');
  const ca = trustedCertificates(env);
  return new Agent({ connect: (target, done) => void open(target, done) });

  async function open({ protocol, hostname, port }: buildConnector.Options, done: buildConnector.Callback) {
    let socket: Socket;
    try {
      // A redirect could lead to plain HTTP; requests to a broker are never sent unencrypted.
      if (protocol !== 'https:') throw new GateError('protocol', `a broker is not spoken to over ${protocol}//`);
      const url = new URL(`https://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || 443}`);
      socket = await openBrokerSocket(url, { proxy: proxyFor(url, env), ca });
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)), null);
    }
    done(null, socket);
  }
}
