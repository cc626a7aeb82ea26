// A server at a URL, over Streamable HTTP, or over HTTP with SSE where it is one of 2024.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { NOTHING_SHOWN, type TransportDescription } from './transport-description.ts';

export interface HttpTransport {
  kind: 'http';
  url: string;
  headers: Readonly<Record<string, string>>;
}

export const httpTransport = {
  reach: 'url',
  stored: z.object({ kind: z.literal('http'), url: z.string(), headers: z.record(z.string(), z.string()) }),
  read(form) {
    if (!/^https?:\/\/[^/?#\s]+/i.test(form.url))
      throw new GateError('usage', 'the address of a server starts with https:// or http://');
    return form;
  },
  shown: ({ url, headers }) => ({ ...NOTHING_SHOWN, url, headers: { ...headers } }),
  changed: (transport, changes) => [transport, changes],
  target: ({ url }) => /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? url,
  fixedTexts: () => [],
} as const satisfies TransportDescription<HttpTransport>;
