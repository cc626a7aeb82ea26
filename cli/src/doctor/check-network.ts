// The checks of `mcpgate doctor` on the way to the broker, hop by hop: proxy, name, TLS, the broker itself, and this machine's clock against the
// broker's. Hops behind one that fails are not checked, because they would fail too.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import { openBrokerSocket } from '../auth/broker-socket.ts';
import { isLoopback } from '../auth/broker-url.ts';
import { networkFailure } from '../auth/network-failure.ts';
import { bareHost, proxyFor } from '../auth/proxy-for.ts';
import { trustedCertificates } from '../auth/trusted-certificates.ts';
import type { CliContext } from '../context.ts';
import type { Environment } from '../laptop/settings-file.ts';
import { bad, good, warning, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const WORST_CLOCK_SKEW_MS = 5 * 60_000;
const LOOKUP_LIMIT_MS = 5_000;

/** `env`: the environment, completed by the variables kept at login. */
export async function checkNetwork(
  broker: string,
  env: Environment,
  context: Pick<CliContext, 'fetch' | 'clock' | 'now'>,
): Promise<Finding[]> {
  const url = new URL(broker);
  const findings: Finding[] = [];
  let hop = 'proxy';
  try {
    const proxy = proxyFor(url, env);
    findings.push(good(hop, proxy === undefined ? `none for ${url.host}` : `${proxy.host} for ${url.host}`));
    hop = 'name';
    findings.push(good(hop, proxy === undefined ? await lookUp(url) : 'looked up by the proxy'));
    hop = 'TLS';
    if (url.protocol === 'https:') {
      const ca = trustedCertificates(env);
      const socket = await openBrokerSocket(url, { proxy, ca });
      findings.push(certificate(socket, context.now()));
      socket.destroy();
    } else if (isLoopback(url)) findings.push(good(hop, 'not needed on this machine itself'));
    hop = 'broker';
    const { createOAuthClient } = await import('../auth/oauth-client.ts');
    const client = await createOAuthClient(broker, context);
    findings.push(good(hop, `${client.broker} answers`), clock(client.clockSkewMs()));
  } catch (error) {
    findings.push(bad(hop, error instanceof GateError ? error : networkFailure(broker, error)));
  }
  return findings;
}

async function lookUp(url: URL): Promise<string> {
  const host = bareHost(url);
  if (isIP(host) !== 0) return 'an address, needs no look-up';
  let late: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new DOMException('no answer', 'TimeoutError')), LOOKUP_LIMIT_MS);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), limit]);
    return `${host} is ${found.map(({ address }) => address).join(', ')}`;
  } finally {
    clearTimeout(late);
  }
}

function certificate(socket: TLSSocket, now: number): Finding {
  const { issuer, valid_to: validTo } = socket.getPeerCertificate();
  const issuers = [issuer?.O, issuer?.CN].flat().filter((name) => name !== undefined && name !== '');
  const by = `certificate by ${[...new Set(issuers)].join(', ') || 'an unnamed authority'}`;
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  if (days >= SOON_DAYS) return good('TLS', `${by}, valid for ${days} days`);
  return warning('TLS', `${by}, ends in ${days} days: tell whoever runs the broker`);
}

function clock(skewMs: number): Finding {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  if (Math.abs(skewMs) <= WORST_CLOCK_SKEW_MS) return good('clock', `right (${seconds} s from the broker’s)`);
  return warning('clock', `${seconds} s ${side} the broker’s: set it right, or TLS and logins will fail`);
}
