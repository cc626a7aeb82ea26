// What a client of the tunnel is told whose upgrade is no WebSocket handshake. `ws` would say so by itself, unlogged and uncounted.
import type { IncomingMessage } from 'node:http';
import type { RejectReason } from './reject-meter.ts';
import type { Rejection } from './reject-upgrade.ts';

/** What `ws` speaks. */
const VERSIONS: ReadonlySet<string> = new Set(['8', '13']);

export function badHandshake({ headers }: IncomingMessage): Rejection & { reason: RejectReason } {
  if (VERSIONS.has(headers['sec-websocket-version'] ?? '')) {
    const message = 'this is no WebSocket handshake (RFC 6455, section 4.1)';
    return { reason: 'websocket', status: 400, code: 'usage', message };
  }
  const message = 'this broker speaks version 13 of WebSocket (RFC 6455)';
  const lines = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  return { reason: 'version', status: 426, code: 'version', message, headers: lines };
}
