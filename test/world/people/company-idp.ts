// A company's IdP: a real OpenID provider (oidc-provider) on a port of its own, with one page on which a person says who they are.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, type JWK } from 'oidc-provider';
import { freePort } from '../network/free-port.ts';

export const IDP_CLIENT = { id: 'mcpgate', secret: 'what the idp and the broker both know' };

export interface CompanyIdp {
  readonly issuer: string;
  /** By login name: what the IdP says of them. */
  readonly people: Map<string, Record<string, unknown>>;
  /** Signs with new keys from now on, and publishes no others. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' };
};

/** `brokerUrl`: the broker's public URL. */
export async function startCompanyIdp(options: { brokerUrl: string }): Promise<CompanyIdp> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Record<string, unknown>>();

  const createProvider = async (): Promise<Provider> =>
    new Provider(issuer, {
      jwks: { keys: [await newKey()] },
      cookies: { keys: ['a key of the test'] },
      clients: [
        {
          client_id: IDP_CLIENT.id,
          client_secret: IDP_CLIENT.secret,
          redirect_uris: [`${options.brokerUrl}/oauth/idp/callback`],
          post_logout_redirect_uris: [`${options.brokerUrl}/logout`],
          backchannel_logout_uri: `${options.brokerUrl}/oauth/idp/backchannel-logout`,
          backchannel_logout_session_required: true,
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      claims: {
        openid: ['sub'],
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
    });
  let provider = await createProvider();

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
    const result = people.has(login) ? { login: { accountId: `id-of-${login}` } } : { error: 'access_denied' };
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
    async rotateKeys() {
      provider = await createProvider();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
