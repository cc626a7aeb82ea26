// The sloppy server over Streamable HTTP and over HTTP with SSE (2024-11-05), in process, so that a test can look at it from the far side.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour, Got } from './behaviour.ts';
import { behaviourOf, type BehaviourName } from './behaviours.ts';
import { createConversation } from './conversation.ts';

export interface SloppyHttp {
  readonly url: string;
  /** Every message, in order. */
  readonly received: readonly Got[];
  /** `METHOD PATH` of every request. */
  readonly requests: { line: string; headers: IncomingMessage['headers'] }[];
  /** Names of the tools that were called. */
  readonly executed: readonly string[];
  /** TCP connections that are open now. */
  readonly sockets: number;
  /** Event streams that it keeps open for what it says by itself. */
  readonly streams: number;
  /** From now on it behaves so. */
  behave(name: BehaviourName | Behaviour): void;
  /** Writes text as it is on each of them. */
  write(text: string): void;
  close(): Promise<void>;
}

type Transport = 'http' | 'sse';

export async function startSloppyHttp(transport: Transport, name: BehaviourName | Behaviour): Promise<SloppyHttp> {
  const conversation = createConversation();
  const requests: SloppyHttp['requests'] = [];
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let behaviour = typeof name === 'string' ? behaviourOf(name) : name;

  function keepOpen(response: ServerResponse, first: string): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(first);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  }

  function onPost(request: IncomingMessage, response: ServerResponse, text: string): void {
    const got = conversation.read(text);
    const message = () => conversation.answerTo(got, behaviour);
    if (behaviour.http?.({ request, response, got, message, write }) === true) return;
    const said = message();
    if (transport === 'sse') {
      response.writeHead(202).end();
      if (said !== undefined) write(behaviour.event?.(said, got) ?? `event: message\ndata: ${said}\n\n`);
      return;
    }
    if (said !== undefined) {
      const session = got.method === 'initialize' ? { 'mcp-session-id': 'one' } : {};
      response.writeHead(200, { 'content-type': 'application/json', ...session }).end(said);
    } else if (got.id === undefined) response.writeHead(202).end();
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    requests.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, headers: request.headers });
    if (request.method === 'POST') {
      if (transport === 'sse' && request.url?.startsWith('/messages') !== true) {
        response.writeHead(405).end();
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => onPost(request, response, Buffer.concat(chunks).toString()));
      return;
    }
    if (behaviour.http?.({ request, response, got: undefined, message: () => undefined, write }) === true) return;
    if (request.method === 'GET')
      keepOpen(response, transport === 'sse' ? 'event: endpoint\ndata: /messages\n\n' : ': open\n\n');
    else response.writeHead(200).end();
  }

  function write(text: string): void {
    for (const stream of streams) stream.write(text);
  }

  const server = createServer(onRequest);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/${transport === 'sse' ? 'sse' : 'mcp'}`,
    received: conversation.received,
    requests,
    executed: conversation.plain.executed,
    get sockets() {
      return sockets.size;
    },
    get streams() {
      return streams.size;
    },
    behave(next) {
      behaviour = typeof next === 'string' ? behaviourOf(next) : next;
    },
    write,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
