// A model's service on this machine, so that real AI clients make a real call offline: it calls one tool, once, and says that it is done.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DIALECTS } from './model-dialects.ts';
import { takeTurn } from './model-turn.ts';

export interface ScriptedModel {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What clients gave back as the result of the tool. */
  readonly results: readonly string[];
  /** What was asked, for the report of a failure: path, and which tools were offered. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** `tool` is how the name ends under which the client offers it. */
export async function startScriptedModel(tool: string, toolArguments: unknown): Promise<ScriptedModel> {
  const results: string[] = [];
  const asked: string[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://model').pathname;
    const dialect = DIALECTS.find((each) => path.endsWith(each.path));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (dialect === undefined || request.method !== 'POST') {
      asked.push(`${request.method} ${path}`);
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"not here"}}');
      return;
    }
    const turn = dialect.read(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const names = turn.tools.map(({ namespace = '', name }) => namespace + name);
    asked.push(`${path}: ${turn.results.length} results, tools ${names.join(' ').slice(0, 1000)}`);
    results.push(...turn.results);
    const taken = takeTurn(turn, tool, toolArguments);
    if (!turn.isStreamed) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(dialect.document(taken)));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const { event, data } of dialect.events(taken)) {
      const name = event === undefined ? '' : `event: ${event}\n`;
      response.write(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    }
    response.end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      asked.push(String(error));
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"not understood"}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    results,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
