// The server of 2026-07-28 over Streamable HTTP, in process, so that tests look at it from the far side.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { readJson } from '../conformance/read-json.ts';
import type { ModernEvents } from './modern-events.ts';
import { createModernServer } from './modern-server.ts';

export interface ModernHttp {
  readonly url: string;
  /** Every POST, in order. */
  readonly received: { headers: IncomingHttpHeaders; method: string; params: Record<string, unknown> }[];
  /** What happened inside, in order. */
  readonly notes: string[];
  /** Resolves once it has noted that so often. */
  noted(what: string, times?: number): Promise<void>;
  /** A tool that comes and goes without a word. */
  readonly grown: Set<string>;
  /** Ends every stream. */
  dropStreams(): void;
  close(): Promise<void>;
}

export interface ModernHttpOptions {
  /** Whether clients of before are served too. */
  legacy?: 'reject' | 'stateless';
  /** How long its list of tools keeps. */
  toolsTtlMs?: number;
  events?: ModernEvents;
}

export async function startModernHttp(options: ModernHttpOptions = {}): Promise<ModernHttp> {
  const { legacy = 'reject', toolsTtlMs, events } = options;
  const received: ModernHttp['received'] = [];
  const notes: string[] = [];
  const grown = new Set<string>();
  let waiting: { what: string; times: number; resolve: () => void }[] = [];
  const isNoted = (what: string, times: number) => notes.filter((each) => each === what).length >= times;
  const note = (what: string) => {
    notes.push(what);
    for (const each of waiting) if (isNoted(each.what, each.times)) each.resolve();
    waiting = waiting.filter((each) => !isNoted(each.what, each.times));
  };
  const handler = createMcpHandler(
    () =>
      createModernServer({
        ...{ changes: handler.notify, grown, note },
        ...(toolsTtlMs !== undefined && { toolsTtlMs }),
        ...(events !== undefined && { events }),
      }),
    { legacy },
  );
  const serve = toNodeHandler(handler);

  const server = createServer((request, response) => {
    const handle = async () => {
      const body = request.method === 'POST' ? await readJson(request) : undefined;
      const { method = '', params = {} } = (body ?? {}) as { method?: string; params?: Record<string, unknown> };
      if (request.method === 'POST') received.push({ headers: request.headers, method, params });
      note(method);
      await serve(Object.assign(request, { method: request.method ?? '', url: request.url ?? '' }), response, body);
    };
    handle().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    received,
    notes,
    noted: (what, times = 1) =>
      isNoted(what, times) ? Promise.resolve() : new Promise((resolve) => waiting.push({ what, times, resolve })),
    grown,
    dropStreams: () => server.closeAllConnections(),
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
