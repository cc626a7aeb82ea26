// Requests of 2026-07-28 on their way to `mcpgate serve`: each is one exchange over HTTP, all of one scenario share a process.
import type { ServerResponse } from 'node:http';
import type { JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import { createRelatedRequests } from './related-request.ts';
import { startServeProcess, type ServeCommand, type ServeProcess } from './serve-process.ts';

export interface ModernProcesses {
  handle(scenario: string, message: JSONRPCRequest | JSONRPCNotification, response: ServerResponse): void;
  close(): Promise<void>;
}

/** The statuses that Streamable HTTP gives to errors that the server answers before it does anything. */
const STATUS_OF_ERROR: Record<number, number> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 };

export function createModernProcesses(serve: ServeCommand): ModernProcesses {
  const running = new Map<
    string,
    { child: ServeProcess; open: (request: JSONRPCRequest, response: ServerResponse) => void }
  >();

  function start(scenario: string) {
    const related = createRelatedRequests();
    const responses = new Map<RequestId, ServerResponse>();
    const child = startServeProcess(
      serve,
      (message) => {
        const id = related.of(message);
        const response = id === undefined ? undefined : responses.get(id);
        if (id === undefined || response === undefined) return;
        deliver(message, response);
        if (!('method' in message)) responses.delete(id);
      },
      () => {
        running.delete(scenario);
        for (const response of responses.values()) response.destroy();
      },
    );
    const open = (request: JSONRPCRequest, response: ServerResponse) => {
      responses.set(request.id, response);
      related.sent(request);
      child.send(request);
      response.once('close', () => {
        if (!responses.delete(request.id)) return;
        child.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: request.id } });
      });
    };
    const started = { child, open };
    running.set(scenario, started);
    return started;
  }

  return {
    handle(scenario, message, response) {
      const { child, open } = running.get(scenario) ?? start(scenario);
      if ('id' in message) return open(message, response);
      child.send(message);
      response.writeHead(202).end();
    },
    async close() {
      await Promise.all([...running.values()].map(({ child }) => child.close()));
    },
  };
}

/** An answer that comes first is plain JSON; anything else before it makes the exchange a stream. */
function deliver(message: JSONRPCMessage, response: ServerResponse) {
  const last = !('method' in message);
  if (last && !response.headersSent) {
    const status = 'error' in message ? (STATUS_OF_ERROR[message.error.code] ?? 200) : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(message));
    return;
  }
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  if (last) response.end();
}
