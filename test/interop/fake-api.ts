// A service's REST API as a test needs it: lets in one token, remembers every request, answers what the test says.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface ApiRequest {
  method: string;
  /** Path and query. */
  path: string;
  /** The header `Host`. */
  host: string;
  authorization: string;
  /** As text. */
  body: string;
}

export interface FakeApi {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What was let in. */
  readonly requests: readonly ApiRequest[];
  /** How many requests came with another token, or none. */
  readonly refused: number;
  /** The bearer token that is let in. */
  accepts: string;
  readonly listener: RequestListener;
}

/** Starts the API; `answer` gives the JSON document of a request, undefined for 404. It ends with the test. */
export async function startFakeApi(
  t: TestContext,
  options: { accepts: string; answer: (request: ApiRequest) => unknown },
): Promise<FakeApi> {
  const requests: ApiRequest[] = [];
  let refused = 0;
  const listener: RequestListener = (incoming, response) => {
    void read(incoming).then((request) => {
      const say = (status: number, document: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      if (request.authorization !== `Bearer ${api.accepts}`) {
        refused += 1;
        return say(401, { message: 'Bad credentials' });
      }
      requests.push(request);
      const document = options.answer(request);
      return document === undefined ? say(404, { message: 'Not Found' }) : say(200, document);
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const api: FakeApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get refused() {
      return refused;
    },
    accepts: options.accepts,
    listener,
  };
  return api;
}

async function read(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    host: incoming.headers.host ?? '',
    authorization: incoming.headers.authorization ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
