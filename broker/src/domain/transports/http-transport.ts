// Describes the transport `http`: a server at a URL, over Streamable HTTP or the older HTTP with SSE.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { NOTHING_SHOWN, type TransportDescription, withValues } from './transport-description.ts';

export interface HttpTransport {
  kind: 'http';
  url: string;
  headers: Readonly<Record<string, string>>;
}

export const httpTransport = {
  reach: 'url',
  stored: z.object({ kind: z.literal('http'), url: z.string(), headers: z.record(z.string(), z.string()) }),
  read(form) {
    assertAddress(form.url);
    return form;
  },
  shown: ({ url, headers }) => ({ ...NOTHING_SHOWN, url, headers: { ...headers } }),
  shownTexts: ({ url, headers }) => ({ kind: 'http', url: url ?? '', headers }),
  form: ({ kind, url, headers }) => ({ kind, url, headers: { ...headers } }),
  begun: ({ url }) => (url === undefined ? undefined : { kind: 'http', url, headers: {} }),
  changed(transport, { url, headers, ...others }) {
    if (url !== undefined) assertAddress(url);
    if (url === undefined && headers === undefined) return [transport, others];
    const changed = { ...transport, url: url ?? transport.url, headers: withHeaders(transport.headers, headers) };
    return [changed, others];
  },
  // Behind one origin there may be servers of several people, told apart by their paths.
  target({ url }) {
    const [, origin, path] = /^([a-z]+:\/\/[^/?#]*)([^?#]*)/i.exec(url) ?? [];
    return origin === undefined ? url : `${origin.toLowerCase()}${path === '' ? '/' : path}`;
  },
  fixedTexts: () => [],
} as const satisfies TransportDescription<HttpTransport>;

function assertAddress(url: string): void {
  if (!/^https?:\/\/[^/?#\s]+/i.test(url))
    throw new GateError('usage', 'the address of a server starts with https:// or http://');
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
