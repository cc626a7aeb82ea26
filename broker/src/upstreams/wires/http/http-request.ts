// What both HTTP wires have in common: the headers of a server's record, and the words for a failed request.
import { GateError } from 'mcpgate-shared/error';
import type { TraceFields } from '../../../domain/outside/call-span.ts';

const RESERVED = /^(host|connection|content-length|content-type|accept|transfer-encoding|keep-alive|upgrade|mcp-.*)$/i;

/** Fields of the server's record, with secrets filled in. */
interface Own {
  serverName: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
}

/** The record's own headers, names and values in turn. Throws `config` where one cannot be sent. */
export function ownHeaders({ serverName, url, headers }: Own): string[] {
  const isAuthorized = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const flat = isAuthorized ? [] : loginOf(url);
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED.test(name)) continue;
    // oxlint-disable-next-line no-control-regex -- RFC 9110, section 5.5: tab is the one control character of a field value
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new GateError(
        'config',
        `header ${JSON.stringify(name)} of server ${serverName} has characters that a header cannot have; set it or its secret again`,
      );
    }
    flat.push(name.toLowerCase(), value);
  }
  return flat;
}

/** User and password of the URL as an Authorization header (RFC 7617); the HTTP client itself ignores them. */
function loginOf({ username, password }: URL): string[] {
  if (username === '' && password === '') return [];
  const login = `${decoded(username)}:${decoded(password)}`;
  return ['authorization', `Basic ${Buffer.from(login).toString('base64')}`];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const text = error.message === '' && error.cause instanceof Error ? error.cause.message : error.message;
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}

const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether a request failed before there was a TCP connection to send it on. */
export function isNeverSent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NEVER_SENT.has(error.code);
}

/** As W3C Trace Context has them, names and values in turn. */
export const traceHeaders = ({ traceparent, tracestate }: TraceFields): string[] => [
  ...['traceparent', traceparent],
  ...(tracestate === undefined ? [] : ['tracestate', tracestate]),
];
