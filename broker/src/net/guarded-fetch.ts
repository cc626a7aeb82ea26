// Fetches a URL that a stranger has chosen, without letting them reach the company's own network (server-side request forgery): https only, public
// addresses only, within a size and a time. A host name is resolved once, its addresses are checked, and the connection goes to one of exactly
// these, so that a DNS answer that changes in between (DNS rebinding) changes nothing. Redirects are checked like the first URL. The
// configuration may name hosts that are allowed wherever they are; one that an administrator has named in a server's record may be without TLS too.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest, type RequestOptions } from 'node:https';
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
  method?: 'GET' | 'POST' | 'PUT';
  body?: string;
  /** How often a redirect is followed; past it, and by default, the redirect itself is the answer. */
  maxRedirects?: number;
  /** PEM certificates that are trusted instead of the fetch's own. */
  ca?: string;
  /** A host that an administrator has named: it may have private addresses, and no TLS. */
  namedHost?: string;
  /** Ends the wait for an answer, besides the time that each fetch has. */
  signal?: AbortSignal;
  /** The answer is its status and headers; what follows is not read. */
  headersOnly?: boolean;
  /**
   * The connection is kept for the next such request to the same host. Only for what may arrive twice: a connection that the other side had closed
   * meanwhile is noticed by sending over it, and it is sent once more over another one.
   */
  keepsConnection?: boolean;
}

/** There was no answer within the time and size. */
export class NoAnswer extends GateError {
  /** False: nothing of the request can have reached anybody. */
  readonly wasSent: boolean;
  /** There was more of an answer than is read. */
  readonly isTooLong: boolean;

  constructor(message: string, wasSent: boolean, cause: unknown, isTooLong = false) {
    super('unreachable', message, { cause });
    this.wasSent = wasSent;
    this.isTooLong = isTooLong;
  }
}

/** Throws `forbidden` where the URL may not be fetched, a NoAnswer (`unreachable`) where it does not answer within the time and size. */
export type GuardedFetch = (url: string, request?: GuardedFetchRequest) => Promise<GuardedAnswer>;

interface Progress {
  isConnected: boolean;
  /** The connection was kept from another request. */
  isReused: boolean;
  isAnswered: boolean;
}

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

/** How many connections are kept of a host, and for how long without a request. */
const KEPT = { keepAlive: true, maxFreeSockets: 16, timeout: 30_000 } as const;

/** A connection that was kept, and was over when the request was sent. */
const GONE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

const resolveBySystem: Resolve = (hostname, found) => systemLookup(hostname, { all: true }, found);

export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs = 5_000, maxBytes = 64 * 1024, ca, resolve = resolveBySystem } = options;
  const configured = new Set(options.allowHosts.map((host) => host.toLowerCase()));
  const isAllowed = (host: string, { namedHost }: GuardedFetchRequest): boolean =>
    configured.has(host) || bareHost(namedHost ?? '') === host;

  const refusal = (host: string): GateError =>
    new GateError('forbidden', `${host} is not on the public internet; \`outbound.allow_hosts\` names private hosts`);

  /** Given to `https.request`, so that its connection goes to the addresses that were checked here. */
  const lookupFor =
    (wanted: GuardedFetchRequest): NonNullable<RequestOptions['lookup']> =>
    (hostname, { all }, found) => {
      resolve(hostname, (error, addresses) => {
        if (error !== null) return found(error, ''); // there are no addresses beside an error, whatever the types say
        const [first] = addresses;
        if (first === undefined) return found(new GateError('unreachable', `${hostname} has no address`), '');
        if (!isAllowed(hostname, wanted) && !addresses.every(({ address }) => isPublicAddress(address)))
          return found(refusal(hostname), '');
        if (all === true) found(null, [...addresses]);
        else found(null, first.address, first.family);
      });
    };

  // The address of a connection is checked when it is made, so those that may be private are for nobody else.
  const kept = new Map<string, PlainAgent | TlsAgent>();
  function agentFor(url: URL, wanted: GuardedFetchRequest): PlainAgent | TlsAgent | false {
    if (wanted.keepsConnection !== true) return false;
    const key = `${url.protocol} ${isAllowed(bareHost(url.hostname), wanted)}`;
    const agent = kept.get(key) ?? (url.protocol === 'http:' ? new PlainAgent(KEPT) : new TlsAgent(KEPT));
    kept.set(key, agent);
    return agent;
  }

  const fetchOnce = (url: URL, wanted: GuardedFetchRequest, progress: Progress, signal: AbortSignal) =>
    new Promise<GuardedAnswer>((answered, failed) => {
      const { method = 'GET', headers = {}, body, headersOnly = false } = wanted;
      const isPlain = url.protocol === 'http:';
      const asked = (isPlain ? plainRequest : tlsRequest)(
        url,
        {
          method,
          headers: {
            ...headers,
            'accept-encoding': 'identity',
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          },
          lookup: lookupFor(wanted),
          signal,
          agent: agentFor(url, wanted),
          ...(ca && { ca: [...ca] }),
          ...(wanted.ca !== undefined && { ca: wanted.ca }),
        },
        (response) => {
          progress.isAnswered = true;
          const pairs = Object.entries(response.headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((text): [string, string] => [name, text]),
          );
          const answer = { status: response.statusCode ?? 0, headers: new Headers(pairs), url: url.href };
          if (headersOnly) {
            response.on('error', () => undefined).destroy();
            return answered({ ...answer, body: Buffer.alloc(0) });
          }
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            chunks.push(chunk);
            if (bytes > maxBytes)
              response.destroy(
                new NoAnswer(`${url.host} answered with more than ${maxBytes} bytes`, true, undefined, true),
              );
          });
          response.on('error', failed);
          response.on('end', () => answered({ ...answer, body: Buffer.concat(chunks) }));
        },
      );
      asked.on('socket', (socket) => {
        progress.isReused = asked.reusedSocket;
        if (asked.reusedSocket) progress.isConnected = true;
        else socket.once(isPlain ? 'connect' : 'secureConnect', () => (progress.isConnected = true));
      });
      asked.on('error', failed);
      asked.end(body);
    });

  const check = (text: string, wanted: GuardedFetchRequest): URL => {
    const url = URL.parse(text);
    const isNamed = url !== null && bareHost(wanted.namedHost ?? '') === bareHost(url.hostname);
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isNamed);
    if (url === null || !isSafe || url.username !== '' || url.password !== '')
      throw new GateError('forbidden', 'only https addresses without a password are fetched');
    // A literal address is connected to without being looked up.
    const host = bareHost(url.hostname);
    if (isIP(host) !== 0 && !isAllowed(host, wanted) && !isPublicAddress(host)) throw refusal(url.hostname);
    return url;
  };

  return async (text, wanted = {}) => {
    const { maxRedirects = 0 } = wanted;
    const time = AbortSignal.timeout(timeoutMs);
    const signal = wanted.signal === undefined ? time : AbortSignal.any([time, wanted.signal]);
    let url = check(text, wanted);
    for (let left = maxRedirects; ; left--) {
      let answer: GuardedAnswer;
      const progress: Progress = { isConnected: false, isReused: false, isAnswered: false };
      try {
        answer = await fetchOnce(url, wanted, progress, signal).catch((error: unknown) => {
          const isGone = progress.isReused && !progress.isAnswered && GONE.has(Reflect.get(Object(error), 'code'));
          if (!isGone) throw error;
          return fetchOnce(url, { ...wanted, keepsConnection: false }, progress, signal);
        });
      } catch (error) {
        if (error instanceof GateError) throw error;
        const why =
          wanted.signal?.aborted === true
            ? 'was not waited for any longer'
            : signal.aborted
              ? `did not answer within ${timeoutMs} ms`
              : 'could not be reached';
        throw new NoAnswer(`${url.host} ${why}`, progress.isConnected, error);
      }
      const location = answer.headers.get('location');
      if (left <= 0 || location === null || answer.status < 300 || answer.status > 399) return answer;
      const next = URL.parse(location, url.href);
      if (next === null) return answer;
      url = check(next.href, wanted);
    }
  };
}

/** Without the brackets of an IPv6 address, in small letters. */
function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}
