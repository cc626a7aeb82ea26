// For tests: a real HTTP server that speaks the broker's OAuth endpoints as far as a laptop sees them, and misbehaves on demand.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** How the next request to an endpoint is answered; `cut` closes the connection, after the server has done its part. */
export type Misbehaviour =
  | { kind: 'status'; status: number }
  | { kind: 'html'; status?: number }
  | { kind: 'error'; error: string }
  | { kind: 'cut' };

export interface FakeBroker {
  url: string;
  /** The forms that came to each endpoint, in order. */
  requests: { path: string; form: URLSearchParams }[];
  /** What happens at `path` next, once each; then it behaves. */
  next(path: string, ...misbehaviours: Misbehaviour[]): void;
  /** The person's decision on the code; until then a poll is pending. */
  decision: 'pending' | 'approved' | 'denied' | 'expired';
  /** Seconds that its clock is ahead of this one. */
  clockAheadS: number;
  /** Refresh tokens that are good now. */
  readonly live: Set<string>;
  readonly revoked: string[];
  expiresInS: number;
  /** Waits for the next request to `path`. */
  requested(path: string): Promise<void>;
  close(): Promise<void>;
}

const CLIENT_ID = 'mcpgate-cli';
export const GRANT = 'mcg_a-grant-for-tests';

export async function startFakeBroker(): Promise<FakeBroker> {
  const queues = new Map<string, Misbehaviour[]>();
  const waiters = new Map<string, (() => void)[]>();
  /** Answers of consumed refresh tokens, for the same proof again. */
  const answered = new Map<string, { proof: string; body: unknown }>();
  let issued = 0;

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  const broker: FakeBroker = {
    url: `http://127.0.0.1:${address.port}`,
    requests: [],
    next: (path, ...misbehaviours) => queues.set(path, [...(queues.get(path) ?? []), ...misbehaviours]),
    decision: 'pending',
    clockAheadS: 0,
    live: new Set(),
    revoked: [],
    expiresInS: 600,
    requested: (path) => new Promise((resolve) => waiters.set(path, [...(waiters.get(path) ?? []), resolve])),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  const nowS = (): number => Math.floor(Date.now() / 1000) + broker.clockAheadS;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  function tokens(): unknown {
    issued++;
    const refresh = `refresh-${issued}`;
    broker.live.add(refresh);
    const claims = { iss: broker.url, aud: CLIENT_ID, sub: 'u1', iat: nowS(), exp: nowS() + 600 };
    const own = { preferred_username: 'ada', device_id: 'd1', workspace: 'default' };
    return {
      access_token: `access-${issued}`,
      token_type: 'Bearer',
      expires_in: broker.expiresInS,
      refresh_token: refresh,
      id_token: `${encode({ alg: 'RS256' })}.${encode({ ...claims, ...own })}.${encode('signature')}`,
    };
  }

  function refresh(form: URLSearchParams): { status: number; body: unknown } {
    const token = form.get('refresh_token') ?? '';
    const proof = form.get('retry_proof') ?? '';
    const again = answered.get(token);
    if (again !== undefined && again.proof === proof) return { status: 200, body: again.body };
    if (!broker.live.delete(token)) return { status: 400, body: { error: 'invalid_grant' } };
    const body = tokens();
    answered.set(token, { proof, body });
    return { status: 200, body };
  }

  function poll(): { status: number; body: unknown } {
    switch (broker.decision) {
      case 'approved':
        return { status: 200, body: tokens() };
      case 'denied':
        return { status: 400, body: { error: 'access_denied' } };
      case 'expired':
        return { status: 400, body: { error: 'expired_token' } };
      case 'pending':
        return { status: 400, body: { error: 'authorization_pending' } };
    }
  }

  function answer(path: string, form: URLSearchParams, request: IncomingMessage): { status: number; body: unknown } {
    const { url } = broker;
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          status: 200,
          body: {
            issuer: url,
            device_authorization_endpoint: `${url}/oauth/device_authorization`,
            token_endpoint: `${url}/oauth/token`,
            revocation_endpoint: `${url}/oauth/revoke`,
            jwks_uri: `${url}/oauth/jwks`,
          },
        };
      case '/oauth/device_authorization': {
        const verification = {
          verification_uri: `${url}/device`,
          verification_uri_complete: `${url}/device?user_code=A-B`,
        };
        return {
          status: 200,
          body: { device_code: 'dc', user_code: 'A-B', ...verification, expires_in: 60, interval: 0.02 },
        };
      }
      case '/oauth/token':
        return form.get('grant_type') === 'refresh_token' ? refresh(form) : poll();
      case '/oauth/revoke':
        broker.revoked.push(form.get('token') ?? '');
        broker.live.delete(form.get('token') ?? '');
        return { status: 200, body: undefined };
      case '/v1/whoami':
        return request.headers.authorization === `Bearer ${GRANT}`
          ? { status: 200, body: { user: 'ada', workspace: 'default', device: null, credential: 'ci', servers: [] } }
          : { status: 401, body: { error: { code: 'not_logged_in', message: 'unknown' } } };
      default:
        return { status: 404, body: { error: { code: 'not_found', message: path } } };
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const form = new URLSearchParams(await text(request));
    broker.requests.push({ path, form });
    for (const resolve of waiters.get(path) ?? []) resolve();
    waiters.delete(path);
    response.setHeader('date', new Date(nowS() * 1000).toUTCString());
    const wrong = queues.get(path)?.shift();
    if (wrong?.kind === 'status') return void response.writeHead(wrong.status).end('trouble');
    if (wrong?.kind === 'html') {
      return void response.writeHead(wrong.status ?? 200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    }
    if (wrong?.kind === 'error') {
      return void response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: wrong.error }));
    }
    const { status, body } = answer(path, form, request);
    if (wrong?.kind === 'cut') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  }

  return broker;
}
