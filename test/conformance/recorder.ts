// An HTTP pass-through between a suite and a server under test: it adds what the suite cannot send (the grant) and keeps what went over
// it, by scenario, so that two ways to the same server can be compared in substance.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** One HTTP exchange as it went over the wire. */
export interface Exchange {
  readonly method: string;
  readonly requestBody: string;
  readonly status: number;
  readonly responseBody: string;
  /** Whether the suite left before the answer had ended. */
  readonly abandoned: boolean;
}

export interface Recorder {
  /** The URL to give to the suite for `scenario`: what comes there is forwarded to the server and kept under that name. */
  urlFor(scenario: string): string;
  /** What has been exchanged under that name so far. */
  exchanges(scenario: string): Exchange[];
  close(): Promise<void>;
}

/**
 * Starts one in front of `target`. A `Host` or an `Origin` that names the recorder becomes the target's; any other arrives as it was sent, so
 * that a scenario can try foreign ones. `scenarioHeader`: the header that tells the target which scenario a request belongs to.
 */
export async function startRecorder(
  target: URL,
  options: { headers?: Record<string, string>; scenarioHeader?: string } = {},
): Promise<Recorder> {
  const kept = new Map<string, Exchange[]>();
  let own = '';

  async function forward(incoming: IncomingMessage, response: ServerResponse) {
    const { pathname } = new URL(incoming.url ?? '/', 'http://recorder');
    const scenario = decodeURIComponent(pathname.split('/')[1] ?? '');
    const { host, origin, ...others } = incoming.headers;
    const asTarget = (value: string | undefined, ours: string, theirs: string) => (value === ours ? theirs : value);
    const headers = {
      ...others,
      host: asTarget(host, own, target.host),
      ...(origin !== undefined && { origin: asTarget(origin, `http://${own}`, target.origin) }),
      ...options.headers,
      ...(options.scenarioHeader !== undefined && { [options.scenarioHeader]: scenario }),
    };
    const requestBody = await textOf(incoming);
    const exchange = { method: incoming.method ?? '', requestBody, status: 0, responseBody: '', abandoned: false };
    kept.set(scenario, [...(kept.get(scenario) ?? []), exchange]);
    await new Promise<void>((resolve, reject) => {
      const outgoing = httpRequest(target, { method: incoming.method, headers }, (answer) => {
        exchange.status = answer.statusCode ?? 0;
        answer.setEncoding('utf8').on('data', (text: string) => (exchange.responseBody += text));
        response.writeHead(exchange.status, answer.headers);
        response.flushHeaders();
        pipeline(answer, response).then(resolve, reject);
      });
      outgoing.once('error', reject);
      response.once('close', () => {
        exchange.abandoned = !response.writableFinished;
        outgoing.destroy();
      });
      outgoing.end(requestBody);
    });
  }

  const server = createServer((incoming, response) => {
    // A client that leaves its stream is how streams end here; the suite judges what it got.
    forward(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  own = `localhost:${address.port}`;
  return {
    urlFor: (scenario) => `http://${own}/${encodeURIComponent(scenario)}/mcp`,
    exchanges: (scenario) => kept.get(scenario) ?? [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
