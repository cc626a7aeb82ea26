// A company's IdP: a real OpenID provider (oidc-provider) on a port of its own, with one page on which a person says who they are.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { errors, Provider, type JWK } from 'oidc-provider';
import { freePort } from '../network/free-port.ts';

/** What servers' authorization servers call the broker. */
export const AT_SERVERS = 'mcpgate-at-servers';
export const IDP_CLIENT = { id: 'mcpgate', secret: 'what the idp and the broker both know' };

export interface CompanyIdp {
  readonly issuer: string;
  /** By login name: what the IdP says of them. */
  readonly people: Map<string, Record<string, unknown>>;
  /** By login name: what it has asked of them at a sign-in, as its ID tokens say (`amr`). */
  readonly factors: Map<string, string[]>;
  /**
   * What it gives an AI client of the company in exchange for the person's sign-in there (RFC 8693): an identity assertion for another
   * authorization server (ID-JAG).
   */
  idJag(person: string, claims: { aud: string; client_id: string; resource: string }): Promise<string>;
  /** Who may not use servers elsewhere by their sign-in. */
  readonly keptOut: Set<string>;
  /** Signs with new keys from now on, and publishes no others. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

const newKey = async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' };
  return { privateKey, publicKey, jwk };
};

/** `brokerUrl`: the broker's public URL. */
export async function startCompanyIdp(options: { brokerUrl: string }): Promise<CompanyIdp> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Record<string, unknown>>();
  const factors = new Map<string, string[]>();

  let key = await newKey();

  const keptOut = new Set<string>();

  async function sign(person: string, claims: { aud: string; client_id: string; resource: string }): Promise<string> {
    if (!people.has(person)) throw new Error(`the IdP does not know ${person}`);
    const published = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    const header = { alg: 'RS256', typ: 'oauth-id-jag+jwt', kid: published.keys[0]?.kid ?? '' };
    return await new SignJWT({ ...claims, sub: `id-of-${person}` })
      .setProtectedHeader(header)
      .setIssuer(issuer)
      .setIssuedAt()
      .setExpirationTime('5m')
      .setJti(randomUUID())
      .sign(key.privateKey);
  }

  /** RFC 8693, with the ID token of a sign-in for an assertion to another authorization server. */
  function withExchange(made: Provider): Provider {
    made.registerGrantType<Record<string, string>>(
      'urn:ietf:params:oauth:grant-type:token-exchange',
      async (ctx) => {
        const {
          subject_token: subject = '',
          audience = '',
          resource = '',
          requested_token_type: type,
        } = ctx.oidc.params;
        const { payload } = await jwtVerify(subject, key.publicKey, { issuer, audience: ctx.oidc.client.clientId });
        const person = (payload.sub ?? '').replace(/^id-of-/, '');
        if (keptOut.has(person)) throw new errors.AccessDenied('the administrators say no');
        const claims = { aud: audience, client_id: AT_SERVERS, resource: String(resource) };
        ctx.body = {
          ...{ access_token: await sign(person, claims), issued_token_type: type, token_type: 'N_A', expires_in: 300 },
        };
      },
      ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
    );
    return made;
  }

  const createProvider = (): Provider =>
    withExchange(
      new Provider(issuer, {
        jwks: { keys: [key.jwk] },
        cookies: { keys: ['a key of the test'] },
        clients: [
          {
            client_id: IDP_CLIENT.id,
            client_secret: IDP_CLIENT.secret,
            redirect_uris: [`${options.brokerUrl}/oauth/idp/callback`],
            post_logout_redirect_uris: [`${options.brokerUrl}/logout`],
            backchannel_logout_uri: `${options.brokerUrl}/oauth/idp/backchannel-logout`,
            backchannel_logout_session_required: true,
            grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'],
            response_types: ['code'],
          },
        ],
        claims: {
          openid: ['sub', 'amr'],
          profile: ['preferred_username', 'groups', 'unit'],
          email: ['email', 'email_verified'],
        },
        features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
        interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
        findAccount: (_ctx, id) => {
          const told = people.get(id.replace(/^id-of-/, ''));
          return told && { accountId: id, claims: () => ({ sub: id, ...told }) };
        },
        // Without the guard that keeps a real IdP from talking to its own machine, on which the broker of a test is.
        fetch(url, init) {
          const { dispatcher: _guard, ...unguarded } = { dispatcher: undefined, ...init };
          return fetch(url, unguarded);
        },
        async loadExistingGrant(ctx) {
          const grant = new ctx.oidc.provider.Grant({
            clientId: IDP_CLIENT.id,
            accountId: ctx.oidc.session?.accountId ?? '',
          });
          grant.addOIDCScope('openid profile email');
          await grant.save();
          return grant;
        },
      }),
    );
  let provider = createProvider();

  const signIn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        '<h1>Company sign-in</h1><form method="post"><label>Login <input name="login"></label><button>Go</button></form>',
      );
      return;
    }
    const chunks: string[] = [];
    for await (const chunk of request.setEncoding('utf8')) chunks.push(String(chunk));
    const login = new URLSearchParams(chunks.join('')).get('login') ?? '';
    const amr = factors.get(login);
    const result = people.has(login)
      ? { login: { accountId: `id-of-${login}`, ...(amr !== undefined && { amr }) } }
      : { error: 'access_denied' };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };

  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/sign-in/')) {
      void provider.callback()(request, response);
      return;
    }
    signIn(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    issuer,
    people,
    factors,
    keptOut,
    idJag: sign,
    async rotateKeys() {
      key = await newKey();
      provider = createProvider();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
