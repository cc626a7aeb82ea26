// An OAuth-protected MCP server on the official v1 SDK with its own authorization server, from the far side: its refresh tokens are good for one
// use, and a second use ends all tokens that came of the same login, as providers do who take it for a theft.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidGrantError, InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';

interface Login {
  id: string;
  person: string;
  clientId: string;
  scopes: string[];
  resource: string | undefined;
  isEnded: boolean;
}

export interface OAuthUpstream {
  /** Of the MCP server. */
  url: string;
  issuer: string;
  /** Who sits at the browser that comes to log in. */
  person: string;
  /** Of an access token. */
  lifetimeS: number;
  /** Whether what a code is given for holds a refresh token. */
  givesRefreshTokens: boolean;
  /** What each request to the MCP server carried: whose token it was, and what was asked. */
  received: { person: string | undefined; token: string; method: string; tool: string | undefined }[];
  /** What each login and refresh was asked for. */
  asked: { kind: 'code' | 'refresh'; person: string; resource: string | undefined; outcome: string }[];
  /** How often a refresh token came that had been used. */
  reuses: number;
  revoked: string[];
  registered: number;
  /** Scope that every request needs besides `read`, from now on. */
  neededScope: string | undefined;
  /** Answers requests to the token endpoint in its place; true where it has. */
  atToken: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Called when a refresh has been carried out, before its answer is sent. */
  onRefreshed: (() => Promise<void>) | undefined;
  /** The same for what a code is given for. */
  onRedeemed: (() => Promise<void>) | undefined;
  /** A token of this person, as somebody gets one who has proved to be them in another way than by a code. */
  issue(person: string): OAuthTokens;
  /** Ends every connection to it, whatever waits for an answer. */
  cutAnswers(): void;
  /** The access tokens that are there are good no more; what they came of is. */
  endAccess(): void;
  /** The person has taken the access away at the provider. */
  endLogins(person: string): void;
  close(): Promise<void>;
}

export async function startOAuthUpstream(port = 0): Promise<OAuthUpstream> {
  const logins: Login[] = [];
  const codes = new Map<string, { login: Login; challenge: string; redirectUri: string }>();
  const access = new Map<string, { login: Login; endsAt: number }>();
  const refresh = new Map<string, { login: Login; isUsed: boolean }>();
  const clients = new Map<string, Parameters<NonNullable<OAuthServerProvider['clientsStore']['registerClient']>>[0]>();

  function tokensFor(login: Login): OAuthTokens {
    const [accessToken, refreshToken] = [`at-${login.person}-${randomUUID()}`, `rt-${login.person}-${randomUUID()}`];
    access.set(accessToken, { login, endsAt: Date.now() + upstream.lifetimeS * 1_000 });
    refresh.set(refreshToken, { login, isUsed: false });
    return {
      ...{ access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer' },
      ...{ expires_in: upstream.lifetimeS, scope: login.scopes.join(' ') },
    };
  }

  const provider: OAuthServerProvider = {
    clientsStore: {
      getClient: (id) => clients.get(id) as never,
      registerClient(client) {
        upstream.registered += 1;
        const made = { ...client, client_id: `client-${randomUUID()}`, client_id_issued_at: 1 };
        clients.set(made.client_id, made);
        return made;
      },
    },
    authorize(client, params, response) {
      const code = randomUUID();
      const { scopes = [], resource, codeChallenge: challenge, redirectUri, state } = params;
      const login: Login = {
        ...{ id: randomUUID(), person: upstream.person, clientId: client.client_id, scopes },
        ...{ resource: resource?.href, isEnded: false },
      };
      codes.set(code, { login, challenge, redirectUri });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      if (state !== undefined) back.searchParams.set('state', state);
      response.redirect(back.href);
      return Promise.resolve();
    },
    challengeForAuthorizationCode: (_client, code) => Promise.resolve(codes.get(code)?.challenge ?? ''),
    async exchangeAuthorizationCode(client, code, _verifier, redirectUri, resource) {
      const found = codes.get(code);
      codes.delete(code);
      if (found === undefined || found.login.clientId !== client.client_id || found.redirectUri !== redirectUri)
        throw new InvalidGrantError('no such code');
      const { login } = found;
      logins.push(login);
      upstream.asked.push({ kind: 'code', person: login.person, resource: resource?.href, outcome: 'ok' });
      const { refresh_token: token, ...tokens } = tokensFor(login);
      await upstream.onRedeemed?.();
      return upstream.givesRefreshTokens && token !== undefined ? { ...tokens, refresh_token: token } : tokens;
    },
    async exchangeRefreshToken(client, token, _scopes, resource) {
      const found = refresh.get(token);
      const note = (outcome: string) =>
        upstream.asked.push({
          ...{ kind: 'refresh', person: found?.login.person ?? 'nobody', resource: resource?.href, outcome },
        });
      if (found?.isUsed === true) {
        upstream.reuses += 1;
        found.login.isEnded = true;
      }
      if (found === undefined || found.login.isEnded || found.login.clientId !== client.client_id) {
        note('invalid_grant');
        throw new InvalidGrantError('it is good no more');
      }
      found.isUsed = true;
      note('ok');
      const tokens = tokensFor(found.login);
      await upstream.onRefreshed?.();
      return tokens;
    },
    verifyAccessToken(token) {
      const found = access.get(token);
      if (found === undefined || found.login.isEnded || found.endsAt <= Date.now())
        return Promise.reject(new InvalidTokenError('it is good no more'));
      const { login, endsAt } = found;
      const { clientId, scopes, person } = login;
      return Promise.resolve({ token, clientId, scopes, expiresAt: Math.ceil(endsAt / 1_000), extra: { person } });
    },
    revokeToken(_client, { token }) {
      upstream.revoked.push(token);
      const login = refresh.get(token)?.login ?? access.get(token)?.login;
      if (login !== undefined) login.isEnded = true;
      return Promise.resolve();
    },
  };

  const app = createMcpExpressApp();
  const http: HttpServer = app.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const resourceServerUrl = new URL(`${origin}/mcp`);
  const rateLimit = { rateLimit: false } as const;

  const upstream: OAuthUpstream = {
    ...{ url: resourceServerUrl.href, issuer: origin, person: 'nobody', lifetimeS: 3_600 },
    givesRefreshTokens: true,
    ...{ received: [], asked: [], reuses: 0, revoked: [], registered: 0 },
    ...{ neededScope: undefined, atToken: undefined, onRefreshed: undefined, onRedeemed: undefined },
    issue(person) {
      const of = { id: randomUUID(), person, clientId: 'of-company', resource: undefined, isEnded: false };
      const login = { ...of, scopes: ['read'] };
      logins.push(login);
      return tokensFor(login);
    },
    cutAnswers: () => http.closeAllConnections(),
    endAccess: () => access.clear(),
    endLogins(person) {
      for (const login of logins) if (login.person === person) login.isEnded = true;
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };

  app.use('/token', (request, response, next) => {
    if (upstream.atToken?.(request, response) !== true) next();
  });
  app.use(
    mcpAuthRouter({
      ...{ provider, issuerUrl: new URL(origin), resourceServerUrl, scopesSupported: ['read'] },
      ...{ authorizationOptions: rateLimit, clientRegistrationOptions: rateLimit },
      ...{ tokenOptions: rateLimit, revocationOptions: rateLimit },
    }),
  );
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resourceServerUrl);
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  app.use('/mcp', (request, response, next) => {
    const requiredScopes = ['read', ...(upstream.neededScope === undefined ? [] : [upstream.neededScope])];
    requireBearerAuth({ verifier: provider, requiredScopes, resourceMetadataUrl })(request, response, next);
  });
  app.all('/mcp', async (request, response) => {
    const body = request.body as { method?: string; params?: { name?: string } } | undefined;
    const person = request.auth?.extra?.['person'];
    upstream.received.push({
      person: typeof person === 'string' ? person : undefined,
      token: request.auth?.token ?? '',
      method: body?.method ?? request.method,
      tool: body?.params?.name,
    });
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known !== undefined) return known.handleRequest(request, response, request.body);
    if (body?.method !== 'initialize') return void response.status(404).end();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (made) => void sessions.set(made, transport),
    });
    const server = new McpServer({ name: 'oauth-server', version: '1' });
    server.registerTool('whoami', { description: 'Whose token it was called with.' }, ({ authInfo }) => ({
      content: [{ type: 'text', text: `${String(authInfo?.extra?.['person'])} with ${authInfo?.token ?? 'nothing'}` }],
    }));
    await server.connect(transport);
    return transport.handleRequest(request, response, request.body);
  });
  return upstream;
}
