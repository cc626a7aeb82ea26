// Addresses to listen on: reads `HOST:PORT` as it is written for `listen`, and says who can reach such an address.
import { BlockList, isIP } from 'node:net';

export interface ListenAddress {
  host: string;
  port: number;
}

/** `127.0.0.1:7717`, `localhost:0`, `[::1]:7717`, `:7717` (every address), `7717` (loopback). Undefined: not an address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const v6 = match[1];
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port } : undefined;
  const host = match[2];
  if (host === undefined) return { host: '127.0.0.1', port };
  return { host: host === '' || host === '*' ? '0.0.0.0' : host, port };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this computer can reach `host`. Any name but `localhost` counts as reachable from outside. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** The origin at which people on the same computer reach `address`. */
export function originOf(address: ListenAddress, tls: boolean): string {
  const host = address.host === '0.0.0.0' || address.host === '::' ? '127.0.0.1' : address.host;
  return new URL(`${tls ? 'https' : 'http'}://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`).origin;
}
