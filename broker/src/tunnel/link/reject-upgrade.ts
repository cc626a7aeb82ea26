// Answers an upgrade that is refused, as plain HTTP.
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** A peer that keeps its end open is cut. */
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
