// Describes the transport `http`: a server at a URL, over Streamable HTTP or the older HTTP with SSE.
import { GateError } from 'mcpgate-shared/error';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import { z } from 'zod';
import { NOTHING_SHOWN, type TransportDescription, withValues } from './transport-description.ts';

export interface HttpTransport {
  kind: 'http';
  url: string;
  headers: Readonly<Record<string, string>>;
  /** The header in which each request says who asks, signed; left out: the server is not told. */
  identityHeader?: string;
}

export const httpTransport = {
  reach: 'url',
  stored: z.object({
    kind: z.literal('http'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    identityHeader: z.string().exactOptional(),
  }),
  read({ identity_header: identityHeader, ...form }) {
    assertAddress(form.url);
    return withIdentityHeader(form, identityHeader ?? undefined);
  },
  shown: ({ url, headers, identityHeader = null }) => ({
    ...NOTHING_SHOWN,
    url,
    headers: { ...headers },
    identity_header: identityHeader,
  }),
  shownTexts: ({ url, headers }) => ({ kind: 'http', url: url ?? '', headers }),
  form: ({ kind, url, headers, identityHeader }) => ({
    ...{ kind, url, headers: { ...headers } },
    ...(identityHeader === undefined ? {} : { identity_header: identityHeader }),
  }),
  begun: ({ url }) => (url === undefined ? undefined : { kind: 'http', url, headers: {} }),
  changed(transport, { url, headers, identityHeader, ...others }) {
    if (url !== undefined) assertAddress(url);
    if (url === undefined && headers === undefined && identityHeader === undefined) return [transport, others];
    const { identityHeader: known, ...rest } = transport;
    const changed = { ...rest, url: url ?? rest.url, headers: withHeaders(rest.headers, headers) };
    return [withIdentityHeader(changed, identityHeader === undefined ? known : (identityHeader ?? undefined)), others];
  },
  // Behind one origin there may be servers of several people, told apart by their paths.
  target({ url }) {
    const [, origin, path] = /^([a-z]+:\/\/[^/?#]*)([^?#]*)/i.exec(url) ?? [];
    return origin === undefined ? url : `${origin.toLowerCase()}${path === '' ? '/' : path}`;
  },
  identityHeader: ({ identityHeader }) => identityHeader,
  fixedTexts: () => [],
} as const satisfies TransportDescription<HttpTransport>;

function assertAddress(url: string): void {
  if (!/^https?:\/\/[^/?#\s]+/i.test(url))
    throw new GateError('usage', 'the address of a server starts with https:// or http://');
}

/** Headers that belong to HTTP itself, to one hop of it, to MCP, or to whoever proves to be somebody. */
const NOT_FOR_IDENTITY =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|content-.*|accept(?:-.*)?|expect|date|via|origin|cookie2?|set-cookie2?|authorization|www-authenticate|mcp-.*|last-event-id)$/i;

/** Throws `usage` where no token could be sent in that header, or for no server that it could name. */
function withIdentityHeader(transport: HttpTransport, name: string | undefined): HttpTransport {
  if (name === undefined) return transport;
  const usage = (message: string) => new GateError('usage', message);
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
    throw usage('the name of the header that says who asks is 1 to 64 letters, digits and "-"');
  if (NOT_FOR_IDENTITY.test(name))
    throw usage(`the header ${name} has a meaning of its own: choose another to say who asks, as X-Mcpgate-Identity`);
  const own = Object.keys(transport.headers).find((header) => header.toLowerCase() === name.toLowerCase());
  if (own !== undefined)
    throw usage(`the record sets the header ${own} itself: it cannot say who asks besides; leave one of them out`);
  if (identityAudienceOf(transport) === undefined)
    throw usage(
      'the token that says who asks is for the address of the server, which must be one that anybody may read: no secret may stand in its host or path',
    );
  return { ...transport, identityHeader: name };
}

/**
 * What a token that says who asks names as the server that it is for: its URL without user, query and fragment, and without the slash that a URL
 * without a path gets. Undefined where a secret stands in it.
 */
export function identityAudienceOf({ url }: Pick<HttpTransport, 'url'>): string | undefined {
  const [, open = ''] = /^[a-z]+:\/\/(?:[^/?#]*@)?([^?#]*)/i.exec(url) ?? [];
  const parsed = URL.parse(url);
  if (parsed === null || referencesIn(open).length > 0) return undefined;
  return `${parsed.origin}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

/** Names of headers are the same in capitals and in small letters. */
function withHeaders(
  headers: HttpTransport['headers'],
  changes: Readonly<Record<string, string | null>> | undefined,
): HttpTransport['headers'] {
  const said = new Set(Object.keys(changes ?? {}).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !said.has(name.toLowerCase()));
  return changes === undefined ? headers : withValues(Object.fromEntries(others), changes);
}
