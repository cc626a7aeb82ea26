// An MCP endpoint over HTTP on a free port of the loopback interface, open to this machine's own pages only.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { readJson } from './read-json.ts';

export interface LoopbackEndpoint {
  readonly url: string;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** As the SDK's own transports take it. */
export type EndpointRequest = IncomingMessage & { method: string; url: string };

/** `handle` gets the body of a POST as JSON; undefined: it is none. */
export async function openLoopbackEndpoint(
  handle: (request: EndpointRequest, response: ServerResponse, body: unknown) => Promise<void>,
): Promise<LoopbackEndpoint> {
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = Object.assign(incoming, { method: incoming.method ?? '', url: incoming.url ?? '' });
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    await handle(request, response, request.method === 'POST' ? await readJson(request) : undefined);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
