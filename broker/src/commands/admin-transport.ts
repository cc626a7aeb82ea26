// How a command's requests travel: on the socket of the data folder by Node's own client, which is there at once; over the network by
// undici, which knows proxies and takes a third of a command's time to load.
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
  /** To be read to its end, however long that is in coming. */
  body: Readable;
}

export interface AdminTransport {
  /** Rejects with the system's or undici's error where there is no answer. */
  send(message: AdminRequest): Promise<AdminResponse>;
  /** Ends what runs. */
  close(): Promise<void>;
}

/** How long the broker may take to begin an answer. */
const ANSWER_TIMEOUT_MS = 300_000;

/** One connection for each request: a command makes few. */
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
          resolve({ status: answer.statusCode ?? 0, body: answer });
        });
        sent.end(body);
      }),
    close: async () => await Promise.resolve(ended.abort()),
  };
}

/** By the proxy that the environment names, if it does. */
export async function networkTransport(): Promise<AdminTransport> {
  // The default export is all that a bundled CommonJS package has when it is imported on demand.
  const { EnvHttpProxyAgent, request: send } = (await import('undici')).default;
  const dispatcher = new EnvHttpProxyAgent({ bodyTimeout: 0, headersTimeout: ANSWER_TIMEOUT_MS });
  return {
    async send({ url, method, headers, body }) {
      const answer = await send(url, { method, dispatcher, headers, body: body ?? null });
      return { status: answer.statusCode, body: answer.body };
    },
    close: async () => await dispatcher.destroy(),
  };
}
