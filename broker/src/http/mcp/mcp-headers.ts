// Checks the headers of requests to `/mcp` (MCP, transports, "Streamable HTTP"): origin, content type, accepted types, protocol version.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { readTraceParent, type TraceParent } from '../../domain/outside/call-span.ts';
import { LEGACY_VERSIONS, MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';

const EXPOSED = 'mcp-session-id, www-authenticate';
const ALLOWED =
  'authorization, content-type, accept, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, traceparent, tracestate, last-event-id';

const VERSIONS = [...LEGACY_VERSIONS, MODERN_VERSION];

export interface Refusal {
  status: number;
  message: string;
}

/**
 * A script of another site must not use the broker with the rights of the person in whose browser it runs (DNS rebinding): throws `forbidden` for such
 * an origin. For an allowed one the headers are set by which the browser lets its scripts read the answer.
 */
export function checkOrigin(request: FastifyRequest, reply: FastifyReply, origins: ReadonlySet<string>): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  if (!origins.has(origin.toLowerCase())) {
    throw new GateError('forbidden', `pages of ${JSON.stringify(origin.slice(0, 200))} may not use this broker`);
  }
  void reply.header('access-control-allow-origin', origin);
  void reply.header('vary', 'origin');
  void reply.header('access-control-expose-headers', EXPOSED);
  if (request.method !== 'OPTIONS') return;
  void reply.header('access-control-allow-methods', 'GET, POST, DELETE');
  void reply.header('access-control-allow-headers', [ALLOWED, ...paramHeaders(request)].join(', '));
  void reply.header('access-control-max-age', '600');
}

const PARAM_HEADER = /^mcp-param-[a-z0-9_.-]{1,100}$/;

/** Each tool says which of its parameters are repeated in headers (2026-07-28), so the allowed names are those that the preflight asks for. */
function paramHeaders({ headers }: FastifyRequest): string[] {
  const asked = (headers['access-control-request-headers'] ?? '').split(',', 100);
  return asked.map((name) => name.trim().toLowerCase()).filter((name) => PARAM_HEADER.test(name));
}

export function checkPost({ headers }: FastifyRequest): Refusal | undefined {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, message: 'Content-Type must be application/json' };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return { status: 415, message: 'Content-Encoding is not supported; send the message as it is' };
  if (!accepts(headers.accept, 'application/json') || !accepts(headers.accept, 'text/event-stream')) {
    return { status: 406, message: 'Accept must list both application/json and text/event-stream' };
  }
  return undefined;
}

export function checkGet({ headers }: FastifyRequest): Refusal | undefined {
  if (accepts(headers.accept, 'text/event-stream')) return undefined;
  return { status: 406, message: 'Accept must list text/event-stream' };
}

/** Whether the header names a version that is not legacy: one from 2026-07-28 on, or an unknown one. */
export function saysModernVersion({ headers }: FastifyRequest): boolean {
  const version = headers['mcp-protocol-version'];
  return typeof version === 'string' && !LEGACY_VERSIONS.includes(version);
}

/** The refusal of a header with an unknown version. Not for requests whose body says the version too: the gateway answers these. */
export function checkVersion({ headers }: FastifyRequest): Refusal | undefined {
  const version = headers['mcp-protocol-version'];
  if (version === undefined || (typeof version === 'string' && VERSIONS.includes(version))) return undefined;
  const known = VERSIONS.join(', ');
  return {
    status: 400,
    message: `MCP-Protocol-Version ${JSON.stringify(version).slice(0, 60)} is not supported; known are ${known}`,
  };
}

/** The span of which a plain HTTP client makes the request (W3C Trace Context). */
export const traceOf = ({ headers }: FastifyRequest): TraceParent | undefined =>
  readTraceParent(headers['traceparent'], headers['tracestate']);

function accepts(header: string | undefined, type: string): boolean {
  const group = `${type.split('/', 1)[0]}/*`;
  const kinds = (header ?? '').split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  return kinds.some((kind) => kind === type || kind === group || kind === '*/*');
}
