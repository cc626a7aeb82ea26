// For tests: identity with its pages, people with passwords, and HTTP clients that register, ask and fetch their tokens by hand.
import { createHash, randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { z } from 'zod';
import { createIdentityWorld, HOST, WORKSPACE, type WorldOptions } from '../../identity/identity-world.ts';
import { registerIdpLogout } from '../idp-logout.ts';
import { createPages } from './create-pages.ts';
import { createPageBrowser } from './page-browser.ts';

const PASSWORD = 'seven quiet otters';
export const REDIRECT = 'http://127.0.0.1:4711/callback';
const AnswerSchema = z.record(z.string(), z.unknown());

export async function createConsentWorld(
  options: Pick<WorldOptions, 'publicUrl' | 'guardedFetch' | 'allowedOrigins' | 'idp'> = {},
) {
  const world = await createIdentityWorld({
    ...options,
    async serve({ identity, publicUrl }) {
      const app = fastify({ logger: false });
      if (identity.idp) registerIdpLogout(app, identity.idp, pino({ level: 'silent' }), systemClock);
      await app.register(createPages({ identity, publicUrl, clock: systemClock }));
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
  });
  const { origin, publicUrl, identity } = world;
  let count = 0;

  const register = async (metadata: Record<string, unknown> = {}) => {
    const response = await fetch(`${origin}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Painter',
        redirect_uris: [REDIRECT],
        grant_types: ['authorization_code', 'refresh_token'],
        ...metadata,
      }),
    });
    const body = AnswerSchema.parse(await response.json());
    return { status: response.status, headers: response.headers, body, clientId: String(body['client_id']) };
  };

  const token = async (fields: Record<string, string>) => {
    const response = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
    const body = AnswerSchema.parse(await response.json());
    const text = (name: string): string => {
      const value = body[name];
      return typeof value === 'string' ? value : '';
    };
    return {
      status: response.status,
      body,
      error: body['error'],
      access: text('access_token'),
      refresh: text('refresh_token'),
    };
  };

  /** One client's login: its secrets and its steps. */
  const login = (clientId: string) => {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return {
      /** Where the client sends the browser; `undefined` leaves a parameter out. */
      path(params: Record<string, string | undefined> = {}): string {
        const all = {
          ...{ client_id: clientId, redirect_uri: REDIRECT, response_type: 'code', state: 's' },
          ...{ code_challenge: challenge, code_challenge_method: 'S256', resource: `${publicUrl}/mcp` },
          ...params,
        };
        const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
        return `/oauth/auth?${new URLSearchParams(Object.fromEntries(given)).toString()}`;
      },
      fetch: (code: string, fields: Record<string, string> = {}) =>
        token({
          ...{ grant_type: 'authorization_code', client_id: clientId, code, redirect_uri: REDIRECT },
          code_verifier: verifier,
          ...fields,
        }),
      refresh: (refreshToken: string) =>
        token({ grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken }),
    };
  };

  const personAtBrowser = async () => {
    const { name } = await identity.users.add(WORKSPACE, { name: `person${++count}` }, HOST);
    const { url } = await identity.users.link(WORKSPACE, name, HOST);
    const browser = createPageBrowser(origin, publicUrl);
    const link = new URL(url);
    await browser.submit(await browser.open(link.pathname + link.search), { password: PASSWORD, repeat: PASSWORD });
    /** Opens what the client asks and answers it; what comes back to the client. */
    const decide = async (path: string, decision: 'approve' | 'deny'): Promise<URLSearchParams> => {
      const back = await browser.submit(await browser.open(path), { decision });
      return new URL(back.url, origin).searchParams;
    };
    return { name, browser, decide };
  };

  return {
    ...world,
    register,
    login,
    personAtBrowser,
    /** A login that was agreed to, with its tokens. */
    async connected(metadata: Record<string, unknown> = {}) {
      const { clientId } = await register(metadata);
      const client = login(clientId);
      const person = await personAtBrowser();
      const code = (await person.decide(client.path(), 'approve')).get('code') ?? '';
      return { clientId, client, person, code, tokens: await client.fetch(code) };
    },
  };
}
