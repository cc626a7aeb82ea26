// Opens the TLS connection to a broker, for HTTP and the WebSocket: directly or through a proxy's CONNECT (RFC 9110 §9.3.6), with the given
// certificate authorities and a time limit. Errors say which hop failed and what to do.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import { bareHost } from './proxy-for.ts';

const CONNECT_LIMIT_MS = 10_000;
const ISSUER_LIMIT_MS = 3_000;

export interface Route {
  proxy: URL | undefined;
  /** The trusted certificate authorities, as PEM texts. */
  ca: string[];
}

/** The broker's certificate was refused. `code`: OpenSSL's; `issuer`: the name of its signer, where that could be found out. */
export class CertificateError extends Error {
  readonly code: string;
  readonly issuer: string | undefined;
  constructor(code: string, issuer: string | undefined, cause: Error) {
    super(cause.message, { cause });
    this.code = code;
    this.issuer = issuer;
  }
}

/** Throws `CertificateError`, a `GateError` where the proxy failed, else the error of the operating system. */
export async function openBrokerSocket(
  url: URL,
  route: Route,
  limitMs: number = CONNECT_LIMIT_MS,
): Promise<tls.TLSSocket> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    return await openTls(url, await openTcp(url, route, signal), { ca: route.ca }, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (!(error instanceof Error) || typeof code !== 'string' || !/CERT|SIGNATURE/.test(code)) throw error;
    throw new CertificateError(code, await issuerOf(url, route), error);
  }
}

function openTcp(url: URL, { proxy, ca }: Route, signal: AbortSignal): Promise<Socket> {
  const port = Number(url.port || 443);
  if (proxy !== undefined) return openThroughProxy(proxy, `${url.hostname}:${port}`, ca, signal);
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: bareHost(url), port });
    const giveUp = (): void => void socket.destroy(timedOut(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

function openThroughProxy(proxy: URL, target: string, ca: string[], signal: AbortSignal): Promise<Socket> {
  const name = `the proxy ${proxy.host} (HTTPS_PROXY)`;
  const isTls = proxy.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isTls ? httpsRequest : httpRequest)({
      host: bareHost(proxy),
      port: Number(proxy.port || (isTls ? 443 : 80)),
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'proxy-connection': 'keep-alive', connection: 'keep-alive', ...credentialsOf(proxy) },
      agent: false,
      signal,
      ...(isTls ? { ca } : {}),
    });
    request.once('connect', (response, socket, head) => {
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      return reject(new GateError('unreachable', `${name} ${refusal(proxy, target, response)}`));
    });
    request.once('error', (error) => {
      const why = signal.aborted ? 'does not answer' : `cannot be reached or cut the connection (${error.message})`;
      const advice = 'check the variable and the network, or name the broker in NO_PROXY if no proxy is needed here';
      reject(new GateError('unreachable', `${name} ${why}; ${advice}`, { cause: error }));
    });
    request.end();
  });
}

function openTls(
  url: URL,
  socket: Socket,
  trust: { ca: string[] } | { rejectUnauthorized: false },
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  const host = bareHost(url);
  // An IP address must not be sent as a server name (RFC 6066).
  const name = isIP(host) === 0 ? { host, servername: host } : { host };
  return new Promise((resolve, reject) => {
    const secure = tls.connect({ socket, ...name, ...trust, ALPNProtocols: ['http/1.1'] });
    const giveUp = (): void => void secure.destroy(timedOut(signal));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const failed = (error?: Error): void => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      reject(error ?? new Error('the connection was cut while TLS began'));
    };
    const closed = (): void => failed();
    secure.once('error', failed);
    secure.once('close', closed);
    secure.once('secureConnect', () => {
      signal.removeEventListener('abort', giveUp);
      secure.removeListener('error', failed);
      secure.removeListener('close', closed);
      resolve(secure.setNoDelay(true).setKeepAlive(true, 60_000));
    });
  });
}

const timedOut = (signal: AbortSignal): Error =>
  new DOMException('no answer within the limit', { name: 'TimeoutError', cause: signal.reason });

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
  } catch (error) {
    const message = 'HTTPS_PROXY: a % in the user name or password must be written as %25';
    throw new GateError('config', message, { cause: error });
  }
}

/** Why a proxy refused to connect, as a sentence. */
function refusal(proxy: URL, target: string, { statusCode = 0, headers }: IncomingMessage): string {
  // tinyproxy answers 401 instead of 407.
  if (statusCode === 407 || statusCode === 401) {
    const offered = headers['proxy-authenticate'] ?? 'Basic';
    if (!/\bbasic\b/i.test(offered)) {
      return `takes no user name and password, only Kerberos or NTLM (HTTP ${statusCode}); run a local relay such as px or cntlm and name that one`;
    }
    const what = proxy.username === '' ? 'asks for' : 'refused';
    return (
      `${what} the user name and password (HTTP ${statusCode}); put the right ones into HTTPS_PROXY=http://USER:PASSWORD@${proxy.host}, ` +
      'then run `mcpgate daemon restart` and `mcpgate login`'
    );
  }
  if (statusCode === 403) {
    return `does not allow ${target} (HTTP 403); ask your network team to allow it, or name the host in NO_PROXY if it can be reached directly`;
  }
  return `cannot reach ${target} (HTTP ${statusCode}); the broker may be away, or its name unknown to the proxy`;
}

/** Who issued the certificate of the server at `url`. Connects without trusting it and without sending anything. */
async function issuerOf(url: URL, route: Route): Promise<string | undefined> {
  const signal = AbortSignal.timeout(ISSUER_LIMIT_MS);
  try {
    const socket = await openTls(url, await openTcp(url, route, signal), { rejectUnauthorized: false }, signal);
    const { issuer } = socket.getPeerCertificate();
    socket.destroy();
    const names = [issuer?.O, issuer?.CN].flat().filter((name) => name !== undefined && name !== '');
    return names.length === 0 ? undefined : [...new Set(names)].join(', ');
  } catch {
    return undefined; // the error message then names no issuer
  }
}
