// Explains why a broker could not be reached, in one line that says what to do.
import { GateError } from 'mcpgate-shared/error';
import { CertificateError } from './broker-socket.ts';

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
  BAD_PORT: 'HTTP is not spoken at that port (the Fetch standard lists it as another protocol’s); use another one',
  EPROTO: 'it does not speak TLS there; is it http:// or another port?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; is it http:// or another port?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there; is it http:// or another port?',
};

/** `error` and its causes. `fetch` puts the cause into `cause`, a connection over IPv4 and IPv6 into `errors`. */
function chainOf(error: unknown): [Error, ...Error[]] {
  let at = error instanceof Error ? error : new Error(String(error));
  const chain: [Error, ...Error[]] = [at];
  for (let depth = 0; depth < 8; depth++) {
    const next: unknown = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
    if (!(next instanceof Error)) break;
    at = next;
    chain.push(at);
  }
  return chain;
}

/** Codes for errors of `ws` and `fetch` that have none. */
const WORDS: Readonly<Record<string, string>> = {
  'Opening handshake has timed out': 'ETIMEDOUT',
  'bad port': 'BAD_PORT',
};

/** The code of the failure, as Node and undici name it. */
function failureCode(chain: readonly Error[]): string | undefined {
  if (chain.some(({ name }) => name === 'TimeoutError')) return 'ETIMEDOUT';
  for (const { message } of chain) if (WORDS[message] !== undefined) return WORDS[message];
  const last = chain.at(-1);
  return last !== undefined && 'code' in last && typeof last.code === 'string' ? last.code : undefined;
}

/** The error for a request to `broker` that got no HTTP answer: `untrusted`, `unreachable`, or `config` where this machine's settings are wrong. */
export function networkFailure(broker: string, error: unknown): GateError {
  const chain = chainOf(error);
  const known = chain.find((each) => each instanceof GateError);
  if (known?.code === 'unreachable') {
    return new GateError('unreachable', `cannot reach ${broker}: ${known.message}`, { cause: error });
  }
  if (known !== undefined) return known;
  const code = failureCode(chain) ?? '';
  if (UNTRUSTED.has(code)) {
    const issuer = chain.find((each) => each instanceof CertificateError)?.issuer;
    return new GateError(
      'untrusted',
      `the certificate of ${broker} is not trusted (issued by ${issuer ?? 'an unknown authority'}): if that is your company's authority, ` +
        "add it to the system's trust store and run `mcpgate daemon restart`, or run NODE_EXTRA_CA_CERTS=FILE.pem mcpgate login; if it is " +
        'unknown to you, a captive portal may answer: sign in to the network first',
      { cause: error },
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    const line = `the certificate of ${broker} ${when}: check this machine's clock, else tell whoever runs the broker`;
    return new GateError('untrusted', line, { cause: error });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const line = `the certificate of ${broker} is for another name: use the name in the certificate, or sign in to the network if a captive portal answers`;
    return new GateError('untrusted', line, { cause: error });
  }
  const detail = (chain.at(-1) ?? chain[0]).message;
  const why = UNREACHABLE[code] ?? `${detail}; check the network, the VPN and the proxy`;
  return new GateError('unreachable', `cannot reach ${broker}: ${why}`, { cause: error });
}
