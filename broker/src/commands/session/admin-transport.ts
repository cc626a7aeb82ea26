// How a command's requests reach the broker: over the socket of the data folder with Node's own HTTP client, which loads at once; over the
// network with undici, which knows proxies, but takes a third of a command's time to load.
import { request } from 'node:http';
import type { Readable } from 'node:stream';

export interface AdminRequest {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export interface AdminResponse {
  status: number;
  header(name: string): string | undefined;
  /** The caller must read it to its end, however long that takes. */
  body: Readable;
}

export interface AdminTransport {
  /** Rejects with the error of Node or undici where there is no answer. */
  send(message: AdminRequest): Promise<AdminResponse>;
  /** Ends all requests under way. */
  close(): Promise<void>;
}

const textOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** How long the broker may take to begin an answer. */
const ANSWER_TIMEOUT_MS = 300_000;

/** Makes one connection for each request, because a command makes few requests. */
export function socketTransport(socketPath: string): AdminTransport {
  const ended = new AbortController();
  return {
    send: ({ url, method, headers, body }) =>
      new Promise((resolve, reject) => {
        const sent = request({
          socketPath,
          path: `${url.pathname}${url.search}`,
          method,
          headers: { host: url.host, ...headers },
          agent: false,
          signal: ended.signal,
        });
        const late = setTimeout(() => sent.destroy(new Error('no answer within 5 minutes')), ANSWER_TIMEOUT_MS);
        sent.once('close', () => clearTimeout(late));
        sent.on('error', reject);
        sent.once('response', (answer) => {
          clearTimeout(late);
          resolve({ status: answer.statusCode ?? 0, header: (name) => textOf(answer.headers[name]), body: answer });
        });
        sent.end(body);
      }),
    close: async () => await Promise.resolve(ended.abort()),
  };
}

/** Goes through the proxy that the environment names, if any. */
export async function networkTransport(): Promise<AdminTransport> {
  // A bundled CommonJS package has nothing but a default export when it is imported dynamically.
  const { EnvHttpProxyAgent, request: send } = (await import('undici')).default;
  const dispatcher = new EnvHttpProxyAgent({ bodyTimeout: 0, headersTimeout: ANSWER_TIMEOUT_MS });
  return {
    async send({ url, method, headers, body }) {
      const answer = await send(url, { method, dispatcher, headers, body: body ?? null });
      return { status: answer.statusCode, header: (name) => textOf(answer.headers[name]), body: answer.body };
    },
    close: async () => await dispatcher.destroy(),
  };
}
