// An AI client that was given nothing but a URL, as the official SDK makes one: it finds the broker's OAuth server, registers, sends the
// person to the browser and waits on a port of its own for the answer.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { z } from 'zod';

const TokensSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  token_type: z.string(),
});
const ClientInformationSchema = z.looseObject({ client_id: z.string() });

/** The port on this computer to which the login redirects the person's browser at its end (RFC 8252). */
export async function openCallback(t: TestContext) {
  const answers: URLSearchParams[] = [];
  let arrived: (() => void) | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname !== '/callback') return void response.writeHead(204).end();
    answers.push(url.searchParams);
    response.setHeader('content-type', 'text/html').end('<title>Back</title>Back in the application.');
    arrived?.();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the callback has no port');
  return {
    url: `http://127.0.0.1:${address.port}/callback`,
    answers,
    async next(): Promise<URLSearchParams> {
      if (answers.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      const answer = answers.shift();
      if (answer === undefined) throw new Error('the browser did not come back');
      return answer;
    },
  };
}

/** What such a client keeps of its login, in memory; both SDKs take it as their OAuth provider. */
export function createOAuthMemory(redirectUrl: string, clientName: string) {
  let verifier = '';
  const kept: {
    tokens: z.output<typeof TokensSchema> | undefined;
    client: z.output<typeof ClientInformationSchema> | undefined;
    opened: URL[];
  } = { tokens: undefined, client: undefined, opened: [] };
  return {
    kept,
    provider: {
      redirectUrl,
      clientMetadata: {
        client_name: clientName,
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      state: () => 'state-of-the-client',
      clientInformation: () => kept.client,
      saveClientInformation: (client: unknown) => void (kept.client = ClientInformationSchema.parse(client)),
      tokens: () => kept.tokens,
      saveTokens: (tokens: unknown) => void (kept.tokens = TokensSchema.parse(tokens)),
      redirectToAuthorization: (url: URL) => void kept.opened.push(url),
      saveCodeVerifier: (text: string) => void (verifier = text),
      codeVerifier: () => verifier,
    },
  };
}

export async function createUrlClient(t: TestContext, url: string, name = 'url-client') {
  const callback = await openCallback(t);
  const { kept, provider } = createOAuthMemory(callback.url, name);
  const start = async () => {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    const client = new Client({ name, version: '1.0.0' });
    const connected = client.connect(transport);
    t.after(() => client.close());
    return { client, transport, connected };
  };
  return {
    callback,
    kept,
    /** Connects; where a login is needed, `browse` is the person in the browser, given the page to open. */
    async connect(browse?: (page: string) => Promise<unknown>): Promise<Client> {
      const first = await start();
      try {
        await first.connected;
        return first.client;
      } catch (error) {
        const page = kept.opened.shift();
        if (!(error instanceof UnauthorizedError) || page === undefined || browse === undefined) throw error;
        await browse(page.href);
        const answer = await callback.next();
        const code = answer.get('code');
        if (code === null) throw new Error(`the login ended with ${answer.get('error')}`, { cause: error });
        await first.transport.finishAuth(code);
      }
      const second = await start();
      await second.connected;
      return second.client;
    },
  };
}
