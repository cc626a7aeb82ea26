// The one way to speak HTTP to a broker: through the proxy the environment names, with the system's trust store. Loopback goes direct
// with Node's own fetch; undici is loaded only where more is needed.
import type { Dispatcher } from 'undici';
import type { Environment } from '../settings-file.ts';
import { isLoopback } from './broker-url.ts';
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
  /** Ends idle connections, so that a command can end at once. */
  close(): Promise<void>;
}

export function createHttpFetch(env: Environment): HttpFetcher {
  let opening: Promise<Dispatcher> | undefined;
  return {
    async fetch(url, request = {}) {
      const { protocol } = new URL(url);
      const init = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
      if (protocol === 'http:' && isLoopback(new URL(url))) return fetch(url, init);
      const undici = await import('undici');
      opening ??= openDispatcher(env);
      const response = await undici.fetch(url, { ...init, dispatcher: await opening });
      // Node's own Response, so that nobody needs to know of two.
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
  const { EnvHttpProxyAgent } = await import('undici');
  const ca = trustedCertificates(env);
  const all = env['all_proxy'] ?? env['ALL_PROXY'];
  return new EnvHttpProxyAgent({
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? all ?? '',
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? all ?? '',
    noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
    connect: { ca },
    requestTls: { ca },
    proxyTls: { ca },
  });
}
