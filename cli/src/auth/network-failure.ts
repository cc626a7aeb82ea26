// Why a broker could not be reached, in one line that says what to do.
import { isIP } from 'node:net';
import tls from 'node:tls';
import { GateError } from 'mcpgate-shared/error';

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
]);

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the broker running, and is the port right?',
  ENOTFOUND: 'that name is not known; check the URL, the network and the VPN',
  EAI_AGAIN: 'names cannot be looked up now; check the network and the VPN',
  ETIMEDOUT: 'no answer; check the network, the VPN and the proxy',
  UND_ERR_CONNECT_TIMEOUT: 'no answer; check the network, the VPN and the proxy',
  UND_ERR_HEADERS_TIMEOUT: 'no answer; check the network, the VPN and the proxy',
  EHOSTUNREACH: 'no way there; check the network and the VPN',
  ENETUNREACH: 'no network; check the connection and the VPN',
  ECONNRESET: 'the connection was cut; try again',
  UND_ERR_SOCKET: 'the connection was cut; try again',
  EPROTO: 'it does not speak TLS there; is it http:// or another port?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; is it http:// or another port?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there; is it http:// or another port?',
};

/** The error at the end of the chain: `fetch failed` hides it in `cause`, a dual-stack connect in `errors`. */
function innermost(error: unknown): Error {
  let at = error instanceof Error ? error : new Error(String(error));
  for (let depth = 0; depth < 8; depth++) {
    const next: unknown = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
    if (!(next instanceof Error)) break;
    at = next;
  }
  return at;
}

/** What the failure is, as Node and undici name it. */
function failureCode(error: unknown): string | undefined {
  const last = innermost(error);
  if ('code' in last && typeof last.code === 'string') return last.code;
  return last.name === 'TimeoutError' ? 'ETIMEDOUT' : undefined;
}

/** The error to show where a request to `broker` got no HTTP answer: `untrusted` or `unreachable`. */
export async function networkFailure(broker: string, error: unknown): Promise<GateError> {
  const code = failureCode(error) ?? '';
  if (UNTRUSTED.has(code)) {
    const issuer = await issuerOf(broker);
    return new GateError(
      'untrusted',
      `the certificate of ${broker} is not trusted (issued by ${issuer ?? 'an unknown authority'}): add that authority to the system's ` +
        'trust store, or set NODE_EXTRA_CA_CERTS=FILE.pem, and log in again',
      { cause: error },
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    const line = `the certificate of ${broker} ${when}: check this machine's clock, else tell whoever runs the broker`;
    return new GateError('untrusted', line, { cause: error });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const line = `the certificate of ${broker} is for another name: use the name in the certificate, or tell whoever runs the broker`;
    return new GateError('untrusted', line, { cause: error });
  }
  const detail = innermost(error).message;
  const why = UNREACHABLE[code] ?? `${detail}; check the network, the VPN and the proxy`;
  return new GateError('unreachable', `cannot reach ${broker}: ${why}`, { cause: error });
}

/** Who issued the certificate a host shows; looked at without trusting it and without sending anything. */
function issuerOf(origin: string): Promise<string | undefined> {
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = tls.connect({
      host,
      port: Number(url.port || 443),
      // An address is no server name (RFC 6066).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
      timeout: 3_000,
    });
    const finish = (issuer?: string): void => {
      socket.destroy();
      resolve(issuer);
    };
    socket.once('secureConnect', () => {
      const { issuer } = socket.getPeerCertificate();
      const names = [issuer?.O, issuer?.CN].flat().filter((name) => name !== undefined && name !== '');
      finish(names.length === 0 ? undefined : [...new Set(names)].join(', '));
    });
    socket.once('error', () => finish());
    socket.once('timeout', () => finish());
  });
}
