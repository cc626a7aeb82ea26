// The `fetch` for all requests to the company's IdP: over TLS (plain HTTP only to this machine), without redirects, bounded in time and size.
import { GateError } from 'mcpgate-shared/error';
import type { CustomFetch } from 'openid-client';
import { isSafeUrl } from '../../config/safe-url.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/** Whether the URL may be used: https, or http to this machine. */
export function isSafeIdpUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && isSafeUrl(parsed);
}

/** Throws `config` for a URL that may not be used, `unreachable` where it does not answer, `too_large`. */
export const idpFetch: CustomFetch = async (url, options) => {
  const { origin } = new URL(url);
  if (!isSafeIdpUrl(url)) throw new GateError('config', `the IdP names an address without TLS: ${origin}`);
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(options.signal ? [options.signal] : [])]);
  try {
    const response = await fetch(url, {
      method: options.method,
      // On a connection of its own: on one that was left open and ends just now nobody could tell whether the IdP has heard it.
      headers: { ...options.headers, connection: 'close' },
      body: options.body instanceof URLSearchParams ? options.body : (options.body ?? null),
      redirect: 'manual',
      signal,
    });
    const body = await readBounded(response);
    const { status, statusText, headers } = response;
    return new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers });
  } catch (error) {
    if (error instanceof GateError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GateError('unreachable', `${origin} does not answer: ${why}`, { cause: error });
  }
};

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new GateError('too_large', `the IdP's answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
