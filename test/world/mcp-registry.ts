// An MCP registry on this machine (API v0.1): https with a private authority, search by a part of the name, pages by cursor, and `latest`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { startPrivateSite } from './network/private-site.ts';

/** A `server.json`, with what the registry says of it. */
export interface RegisteredServer {
  name: string;
  version: string;
  [more: string]: unknown;
}

interface Registered {
  server: RegisteredServer;
  status: string;
  isLatest: boolean;
}

export interface McpRegistry {
  /** `https://localhost:PORT` */
  url: string;
  /** Of its authority, PEM. */
  ca: string;
  caFile: string;
  /** Paths with their queries, as they were asked for. */
  asked: string[];
  /** A further version of the same name becomes the latest. */
  publish(server: RegisteredServer, status?: string): void;
}

const OFFICIAL = 'io.modelcontextprotocol.registry/official';

export async function startMcpRegistry(t: TestContext): Promise<McpRegistry> {
  const all: Registered[] = [];
  const asked: string[] = [];
  const shown = ({ server, status, isLatest }: Registered): object => ({
    server,
    _meta: { [OFFICIAL]: { status, isLatest, publishedAt: '2026-11-01T00:00:00Z' } },
  });

  const answer = (url: URL): [status: number, body: object] => {
    const [, path = '', name = '', version = ''] =
      /^\/v0\.1\/(servers)(?:\/([^/]+)\/versions\/([^/]+))?$/.exec(url.pathname) ?? [];
    if (path === '') return [404, { title: 'Not Found', status: 404, detail: 'no such endpoint' }];
    const listed = all.filter(({ status }) => status !== 'deleted');
    if (name !== '') {
      const wanted = decodeURIComponent(version);
      const found = all.find(
        ({ server, isLatest }) =>
          server.name === decodeURIComponent(name) && (wanted === 'latest' ? isLatest : server.version === wanted),
      );
      return found === undefined ? [404, { error: 'Server not found' }] : [200, shown(found)];
    }
    const { searchParams } = url;
    const matching = listed.filter(
      ({ server, isLatest }) =>
        server.name.toLowerCase().includes((searchParams.get('search') ?? '').toLowerCase()) &&
        (searchParams.get('version') !== 'latest' || isLatest),
    );
    const after = searchParams.get('cursor');
    const from =
      after === null ? 0 : matching.findIndex(({ server }) => `${server.name}:${server.version}` === after) + 1;
    const page = matching.slice(from, from + Number(searchParams.get('limit') ?? '30'));
    const last = page.at(-1)?.server;
    const isMore = last !== undefined && from + page.length < matching.length;
    return [
      200,
      {
        servers: page.map(shown),
        metadata: { count: page.length, ...(isMore && { nextCursor: `${last.name}:${last.version}` }) },
      },
    ];
  };

  const site = await startPrivateSite(t, ['DNS:localhost'], (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    asked.push(path);
    const [status, body] = answer(new URL(path, 'https://localhost'));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  return {
    url: `https://localhost:${site.port}`,
    ca: site.ca,
    caFile: site.authority.caFile,
    asked,
    publish(server, status = 'active') {
      for (const known of all) if (known.server.name === server.name) known.isLatest = false;
      all.push({ server, status, isLatest: true });
    },
  };
}
