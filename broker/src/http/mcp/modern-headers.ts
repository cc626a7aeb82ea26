// From 2026-07-28 on the headers of a request repeat some of its body, so that proxies can route by them. This checks that both say the same
// (MCP 2026-07-28, Streamable HTTP, "Request Metadata").
import type { IncomingHttpHeaders } from 'node:http';
import { REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import type { ClientRequest } from '../../gateway/edges/envelope.ts';
import type { ParamHeaders } from '../../gateway/gateway.ts';
import { isRecord } from '../../mcp/json-rpc-guard.ts';
import { NAMED_BY } from '../../mcp/repeated-headers.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What headers and body say differently, as a message for the client; undefined where they agree. */
export function headerMismatch(headers: IncomingHttpHeaders, { method, params }: ClientRequest): string | undefined {
  const meta = isRecord(params['_meta']) ? params['_meta'] : {};
  const version = meta[REQUEST_META.protocolVersion];
  return (
    differs('MCP-Protocol-Version', headers['mcp-protocol-version'], version) ??
    differs('Mcp-Method', headers['mcp-method'], method) ??
    nameDiffers(headers['mcp-name'], method, params)
  );
}

function nameDiffers(
  header: string | string[] | undefined,
  method: string,
  params: ClientRequest['params'],
): string | undefined {
  const member = NAMED_BY.get(method);
  const value = member === undefined ? undefined : params[member];
  // Wrong params are refused later, by the code that reads them.
  if (typeof value !== 'string') return undefined;
  return differs('Mcp-Name', typeof header === 'string' ? decodedHeader(header) : header, value);
}

function differs(name: string, header: string | string[] | undefined, value: unknown): string | undefined {
  if (typeof header !== 'string') return `the header ${name} is missing or stands more than once`;
  if (typeof value !== 'string' || header === value) return undefined;
  return `the header ${name} says ${JSON.stringify(header.slice(0, 100))}, the body ${JSON.stringify(value.slice(0, 100))}`;
}

/** The value of a header. One with characters that no header can hold comes as `=?base64?…?=`; undefined where that is not well-formed. */
function decodedHeader(value: string): string | undefined {
  const text = value.trim();
  if (!text.startsWith('=?base64?') || !text.endsWith('?=')) return text;
  const encoded = text.slice('=?base64?'.length, -'?='.length);
  return BASE64.test(encoded) ? Buffer.from(encoded, 'base64').toString('utf8') : undefined;
}

const PARAM = 'mcp-param-';

/** The headers that repeat parameters of a tool, by their names; undefined for one that cannot be decoded. */
export function paramHeadersOf(headers: IncomingHttpHeaders): ParamHeaders {
  const found = new Map<string, string | undefined>();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(PARAM)) found.set(name, typeof value === 'string' ? decodedHeader(value) : undefined);
  }
  return found;
}
