// An MCP server on the official v1 SDK that believes nobody but the broker: each request must carry a token that says who asks, which it verifies
// by the broker's published keys.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';

export const IDENTITY_HEADER = 'x-mcpgate-identity';

export interface IdentityServer {
  url: string;
  /** What each request carried, and whether it was believed. */
  received: {
    token: string;
    kid: string | undefined;
    claims: JWTPayload | undefined;
    refused: string | undefined;
    authorization: string | undefined;
    method: string;
    session: string | undefined;
  }[];
  close(): Promise<void>;
}

/** `brokerUrl`: whom it believes, and where the keys are read. */
export async function startIdentityServer(brokerUrl: string): Promise<IdentityServer> {
  const app = createMcpExpressApp();
  const http = app.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const received: IdentityServer['received'] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  async function verify(token: string) {
    keys ??= createRemoteJWKSet(new URL(`${brokerUrl}/.well-known/jwks.json`), { cooldownDuration: 0 });
    return await jwtVerify(token, keys, {
      ...{ issuer: brokerUrl, audience: url, algorithms: ['ES256'] },
      ...{ requiredClaims: ['sub', 'jti', 'workspace'], maxTokenAge: 300 },
    });
  }

  app.all('/mcp', async (request, response) => {
    const body = request.body as { method?: string } | undefined;
    const session = request.headers['mcp-session-id'];
    const header = request.headers[IDENTITY_HEADER];
    const token = typeof header === 'string' ? header : '';
    const verified = await verify(token).catch((error: unknown) => String(error));
    received.push({
      token,
      ...(typeof verified === 'string'
        ? { kid: undefined, claims: undefined, refused: verified }
        : { kid: verified.protectedHeader.kid, claims: verified.payload, refused: undefined }),
      authorization: request.headers.authorization,
      method: body?.method ?? request.method,
      session: typeof session === 'string' ? session : undefined,
    });
    if (typeof verified === 'string') return void response.status(403).send('who asks?');
    const known = typeof session === 'string' ? sessions.get(session) : undefined;
    if (known !== undefined) return known.handleRequest(request, response, request.body);
    if (body?.method !== 'initialize') return void response.status(404).end();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (made) => void sessions.set(made, transport),
    });
    const server = new McpServer({ name: 'identity-server', version: '1' });
    server.registerTool('whoami', { description: 'Who asks.' }, async ({ requestInfo }) => {
      const said = requestInfo?.headers[IDENTITY_HEADER];
      const { payload } = await verify(typeof said === 'string' ? said : '');
      const text = `${String(payload['preferred_username'])} of ${JSON.stringify(payload['groups'])} by ${String(said)}`;
      return { content: [{ type: 'text', text }] };
    });
    await server.connect(transport);
    return transport.handleRequest(request, response, request.body);
  });
  return {
    url,
    received,
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
