// What the client under test asks the runner: where to connect; and what it tells: what it heard.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { readJson } from './read-json.ts';
import type { LegName, Legs } from './legs.ts';

export interface ClientControl extends AsyncDisposable {
  readonly url: string;
  /** What the client heard; undefined where it did not come that far. */
  heard(): unknown;
}

/**
 * For one run of one scenario. `targetFor` gives the way to the scenario's server at `url`. It is released when the client has left: a suite
 * waits until nobody is connected to its server any more.
 */
export async function startClientControl(targetFor: Legs['clientTarget'], leg: LegName): Promise<ClientControl> {
  let heard: unknown;
  let release: (() => Promise<void>) | undefined;
  async function answer(request: IncomingMessage): Promise<unknown> {
    const body = await readJson(request);
    if (request.url === '/target') {
      const { target, release: end } = await targetFor(leg, z.object({ url: z.url() }).parse(body).url);
      release = end;
      return target;
    }
    if (request.url === '/left') await release?.();
    else heard = body;
    return {};
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    answer(request).then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
