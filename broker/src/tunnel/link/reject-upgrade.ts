// Refuses a WebSocket upgrade with a plain HTTP response.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RejectReason } from './reject-meter.ts';

/** After this time the socket is destroyed, even if the client keeps its end open. */
const REJECTED_MS = 2_000;

export interface Rejection {
  status: number;
  code: string;
  message: string;
  /** `Name: value` lines. */
  headers?: readonly string[];
}

export function rejectUpgrade(socket: Duplex, { status, code, message, headers = [] }: Rejection): void {
  const body = JSON.stringify({ error: { code, message, request_id: null } });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), REJECTED_MS).unref();
}

/** The versions of WebSocket that `ws` speaks. */
const VERSIONS: ReadonlySet<string> = new Set(['8', '13']);

/** Why a request for an upgrade is no WebSocket handshake. `ws` would answer such a request by itself, without a log entry and uncounted. */
export function badHandshake({ headers }: IncomingMessage): Rejection & { reason: RejectReason } {
  if (VERSIONS.has(headers['sec-websocket-version'] ?? '')) {
    const message = 'this is no WebSocket handshake (RFC 6455, section 4.1)';
    return { reason: 'websocket', status: 400, code: 'usage', message };
  }
  const message = 'this broker speaks version 13 of WebSocket (RFC 6455)';
  const lines = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  return { reason: 'version', status: 426, code: 'version', message, headers: lines };
}
