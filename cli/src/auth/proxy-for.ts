// Finds the proxy for a connection. HTTPS_PROXY and NO_PROXY are read for HTTP and the WebSocket alike, with curl's rules: a name covers its
// subdomains; `*`, ports, addresses and CIDR ranges work.
import { BlockList, isIP } from 'node:net';
import { GateError } from 'mcpgate-shared/error';
import type { Environment } from '../laptop/settings-file.ts';
import { isLoopback } from './broker-url.ts';

/** The proxy for `url`, or undefined for a direct connection; loopback is always direct. Throws `config`. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  if (isLoopback(url)) return undefined;
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((each) => (env[each] ?? '') !== '');
  if (name === undefined || bypassesProxy(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  return parseProxy(name, env[name] ?? '');
}

/** Error messages do not repeat the value, because it may contain a password. */
function parseProxy(name: string, value: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy === undefined || proxy.hostname === '') {
    throw new GateError(
      'config',
      `${name} is not the URL of a proxy; it looks like http://USER:PASSWORD@proxy.example.com:8080, with special characters ` +
        'of the password percent-encoded',
    );
  }
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw new GateError(
      'config',
      `${name} names a ${proxy.protocol}// proxy; mcpgate speaks to http:// and https:// proxies`,
    );
  }
  return proxy;
}

export function bypassesProxy(url: URL, noProxy: string): boolean {
  const host = bareHost(url);
  const port = Number(url.port || 443);
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && covers(entry, host, port));
}

/** The host of a URL, without the brackets of an IPv6 address and the final dot of a full name. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  // More than one colon without brackets is an IPv6 address, and has no port.
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  if (parts?.[3] !== undefined && Number(parts[3]) !== port) return false;
  const name = parts?.[1] ?? parts?.[2] ?? entry;
  if (isIP(host) !== 0) return isInRange(host, name);
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return host === domain || host.endsWith(`.${domain}`);
}

function isInRange(host: string, range: string): boolean {
  const [address = '', prefix] = range.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (isIP(address) !== isIP(host) || !Number.isInteger(length) || length < 0 || length > bits) return false;
  const family = bits === 128 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, length, family);
  return list.check(host, family);
}
