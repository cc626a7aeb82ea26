// Fetches a URL that a stranger has chosen, without letting them reach the company's own network (server-side request forgery): https only, public
// addresses only, within a size and a time. A host name is resolved once, its addresses are checked, and the connection goes to one of exactly
// these, so that a DNS answer that changes in between (DNS rebinding) changes nothing. Redirects are checked like the first URL. The
// configuration may name hosts with private addresses that are allowed.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { GateError } from 'mcpgate-shared/error';
import { isPublicAddress } from './public-address.ts';

export interface GuardedAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
  /** After redirects. */
  url: string;
}

export interface GuardedFetchRequest {
  headers?: Readonly<Record<string, string>>;
  /** How often a redirect is followed; past it, and by default, the redirect itself is the answer. */
  maxRedirects?: number;
}

/** Throws `forbidden` where the URL may not be fetched, `unreachable` where it does not answer within the time and size. */
export type GuardedFetch = (url: string, request?: GuardedFetchRequest) => Promise<GuardedAnswer>;

type Resolve = (hostname: string, found: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export interface GuardedFetchOptions {
  /** Hosts that may have private addresses: names or addresses, small letters. */
  allowHosts: readonly string[];
  /** The time for everything together: resolving, connecting, redirects, body. */
  timeoutMs?: number;
  maxBytes?: number;
  /** PEM certificates that are trusted instead of Node's own. */
  ca?: readonly string[];
  resolve?: Resolve;
}

const resolveBySystem: Resolve = (hostname, found) => systemLookup(hostname, { all: true }, found);

export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs = 5_000, maxBytes = 64 * 1024, ca, resolve = resolveBySystem } = options;
  const allowed = new Set(options.allowHosts.map((host) => host.toLowerCase()));

  const refusal = (host: string): GateError =>
    new GateError('forbidden', `${host} is not on the public internet; \`outbound.allow_hosts\` names private hosts`);

  /** Given to `https.request`, so that its connection goes to the addresses that were checked here. */
  const lookup: NonNullable<RequestOptions['lookup']> = (hostname, { all }, found) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error !== null) return found(error, '');
      if (first === undefined) return found(new GateError('unreachable', `${hostname} has no address`), '');
      if (!allowed.has(hostname) && !addresses.every(({ address }) => isPublicAddress(address)))
        return found(refusal(hostname), '');
      if (all === true) found(null, [...addresses]);
      else found(null, first.address, first.family);
    });
  };

  const fetchOnce = (url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal) =>
    new Promise<GuardedAnswer>((answered, failed) => {
      const asked = request(
        url,
        {
          headers: { ...headers, 'accept-encoding': 'identity' },
          lookup,
          signal,
          agent: false,
          ...(ca && { ca: [...ca] }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            chunks.push(chunk);
            if (bytes > maxBytes)
              response.destroy(new GateError('unreachable', `${url.host} answered with more than ${maxBytes} bytes`));
          });
          response.on('error', failed);
          response.on('end', () => {
            const pairs = Object.entries(response.headers).flatMap(([name, value]) =>
              [value ?? []].flat().map((text): [string, string] => [name, text]),
            );
            answered({
              status: response.statusCode ?? 0,
              headers: new Headers(pairs),
              body: Buffer.concat(chunks),
              url: url.href,
            });
          });
        },
      );
      asked.on('error', failed);
      asked.end();
    });

  const check = (text: string): URL => {
    const url = URL.parse(text);
    if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
      throw new GateError('forbidden', 'only https addresses without a password are fetched');
    // A literal address is connected to without being looked up.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !allowed.has(host) && !isPublicAddress(host)) throw refusal(url.hostname);
    return url;
  };

  return async (text, { headers = {}, maxRedirects = 0 } = {}) => {
    const signal = AbortSignal.timeout(timeoutMs);
    let url = check(text);
    for (let left = maxRedirects; ; left--) {
      let answer: GuardedAnswer;
      try {
        answer = await fetchOnce(url, headers, signal);
      } catch (error) {
        if (error instanceof GateError) throw error;
        const why = signal.aborted ? `did not answer within ${timeoutMs} ms` : 'could not be reached';
        throw new GateError('unreachable', `${url.host} ${why}`, { cause: error });
      }
      const location = answer.headers.get('location');
      if (left <= 0 || location === null || answer.status < 300 || answer.status > 399) return answer;
      const next = URL.parse(location, url.href);
      if (next === null) return answer;
      url = check(next.href);
    }
  };
}
