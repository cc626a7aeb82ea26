// Tries the way to an HTTP server one step at a time, for `server test`: its name (DNS), its port (TCP), its certificate (TLS). Each step
// resolves with a line for people, or rejects with what is wrong.
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { GateError } from 'mcpgate-shared/error';

const LIMIT_MS = 10_000;

/** Names all addresses of the host. */
export async function resolveHost(url: URL): Promise<string> {
  const host = hostOf(url);
  if (isIP(host) !== 0) return `${host} is an address`;
  const found = await lookup(host, { all: true });
  return `${host} is ${found.map(({ address }) => address).join(', ')}`;
}

export function connectTo(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: hostOf(url), port: portOf(url) });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(tooSlow(url)));
    socket.once('error', reject);
    socket.once('connect', () => {
      resolve(`port ${portOf(url)} of ${socket.remoteAddress ?? hostOf(url)} answers`);
      socket.destroy();
    });
  });
}

export function handshakeTls(url: URL): Promise<string> {
  const host = hostOf(url);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: portOf(url), ...(isIP(host) === 0 ? { servername: host } : {}) });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(tooSlow(url)));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(certificateOf(socket));
      socket.destroy();
    });
  });
}

function certificateOf(socket: TLSSocket): string {
  const certificate = socket.getPeerCertificate();
  const { O: organisation, CN: name } = certificate.issuer;
  const [issuer] = [organisation ?? name ?? 'an unnamed authority'].flat();
  return `${socket.getProtocol() ?? 'TLS'}, certificate of ${issuer} until ${certificate.valid_to}`;
}

function tooSlow(url: URL): GateError {
  return new GateError('timeout', `${url.host} did not answer within ${LIMIT_MS / 1000} s`);
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));
