// The login of one person (or, for everybody, of an administrator) at a server's authorization server, from the button at the broker to the
// tokens (RFC 6749 with PKCE S256, RFC 8707, RFC 9207). It belongs to the browser that began it and to the owner that it was begun for, ends
// by time, and comes back once. What is kept until then is sealed; the code verifier is made of the browser's own secret, and kept nowhere.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import {
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  processAuthorizationCodeResponse,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import { z } from 'zod';
import type { AccountOwner, OAuthForm } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isAtUrl, targetOf } from '../../domain/transports/transports.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { createBrowserAttempts, derivedSecret } from '../../store/browser-attempts.ts';
import { createSecret, isSecret, sha256Hex } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { scopesOf } from './challenge.ts';
import { type ClientIdentities, type OAuthClient, OAuthClientSchema } from './client-identity.ts';
import { discover } from './discovery.ts';
import { aboutServer, explain, oauthErrorOf, oauthFetch } from './guarded.ts';

const AttemptSchema = z.object({
  serverId: z.string(),
  workspaceId: z.string(),
  owner: z.string(),
  /** Where the server was when its owner was sent to log in (`targetOf`). */
  target: z.string(),
  /** As much of its metadata as is needed when the browser comes back. */
  server: z.object({
    issuer: z.string(),
    token_endpoint: z.string(),
    revocation_endpoint: z.string().exactOptional(),
    authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
    id_token_signing_alg_values_supported: z.array(z.string()).exactOptional(),
  }),
  client: OAuthClientSchema,
  /** Where it must come back. */
  redirectUri: z.string(),
  resource: z.string(),
  scopes: z.array(z.string()),
});
type Attempt = z.output<typeof AttemptSchema>;

/** What a login has brought. */
export interface Tokens {
  server: { issuer: string; token_endpoint: string; revocation_endpoint?: string };
  client: OAuthClient;
  resource: string;
  scopes: string[];
  accessToken: string;
  refreshToken: string | null;
  /** ms since the epoch. */
  expiresAt: number | null;
}

export interface Logins {
  /** `more`: scopes that are asked for besides. Throws GateError in words for whoever connects. */
  begin(
    record: ServerRecord,
    owner: AccountOwner,
    known: { browserSecret: string | undefined; more: readonly string[] },
  ): Promise<{ url: string; browserSecret: string }>;
  /** Uses the attempt up; undefined where it is unknown, used, expired, another browser's, or came back where another issuer's does. */
  take(back: URL, browserSecret: string | undefined): Promise<TakenAttempt | undefined>;
}

export interface TakenAttempt {
  workspaceId: string;
  serverId: string;
  owner: AccountOwner;
  /** Where the server was when it was begun: nothing that comes of it goes elsewhere. */
  target: string;
  /** Throws GateError in words for the person at the browser. */
  redeem(record: ServerRecord): Promise<Tokens>;
}

export function createLogins(parts: {
  store: Pick<Store, 'oauth'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  guardedFetch: GuardedFetch;
  clients: ClientIdentities;
}): Logins {
  const { store, vault, clock, guardedFetch, clients } = parts;
  const attempts = createBrowserAttempts({ kind: 'AccountLogin', store, clock });
  const purposeOf = (state: string): string => `account login ${sha256Hex(state)}`;

  async function redeem(
    query: URLSearchParams,
    state: string,
    browserSecret: string,
    attempt: Attempt,
    record: ServerRecord,
  ): Promise<Tokens> {
    const { server, client, resource, redirectUri } = attempt;
    formOf(record); // throws where it was changed meanwhile
    const { host } = new URL(server.issuer);
    const known = { client_id: client.id };
    let answer: TokenEndpointResponse;
    const startedAt = clock.now();
    checkIssuer(server, query.get('iss'), host);
    try {
      const verified = validateAuthResponse(server, known, query, state);
      const response = await authorizationCodeGrantRequest(
        server,
        known,
        await clients.proofOf(client, record),
        verified,
        redirectUri,
        derivedSecret('code_verifier', state, browserSecret),
        { ...oauthFetch(guardedFetch, urlOf(record).hostname), additionalParameters: { resource } },
      );
      answer = await processAuthorizationCodeResponse(server, known, response);
    } catch (error) {
      const code = oauthErrorOf(error)?.code;
      if (code === 'invalid_client') await clients.forget(record.workspaceId, server.issuer);
      if (code === 'access_denied') throw new GateError('denied', `${host} was told not to allow it`, { cause: error });
      throw explain(error, host);
    }
    const odd = oddKind(answer);
    if (odd !== undefined) throw new GateError('upstream', `${host} ${odd}`);
    return { ...tokensOf(answer, attempt.scopes, startedAt), server, client, resource };
  }

  return {
    async begin(record, owner, { browserSecret: known, more }) {
      const form = formOf(record);
      const url = urlOf(record);
      const found = await discover(guardedFetch, { name: record.name, url, form }).catch((error: unknown) => {
        throw aboutServer(error, record.name);
      });
      const { server, resource } = found;
      const { workspaceId, id: serverId, name: serverName } = record;
      const client = await clients
        .clientFor({ server, workspaceId, serverName, form }, oauthFetch(guardedFetch, url.hostname))
        .catch((error: unknown) => {
          throw aboutServer(error, serverName);
        });
      const scopes = scopesFor(server, [...new Set([...(form.scopes ?? found.scopes ?? []), ...more])]);
      const redirectUri = clients.redirectUri(server.issuer);
      const state = createSecret();
      const browserSecret = known !== undefined && isSecret(known) ? known : createSecret();
      const page = new URL(server.authorization_endpoint ?? '');
      const asked = {
        ...{ response_type: 'code', client_id: client.id, redirect_uri: redirectUri, state, resource },
        ...{ code_challenge: await calculatePKCECodeChallenge(derivedSecret('code_verifier', state, browserSecret)) },
        ...{ code_challenge_method: 'S256' },
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
        // OpenID Connect Core, section 11: without it no refresh token is given.
        ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      };
      for (const [name, value] of Object.entries(asked)) page.searchParams.set(name, value);
      const target = targetOf(record.transport);
      const attempt = { serverId, workspaceId, owner, target, server, client, redirectUri, resource, scopes };
      const text = JSON.stringify(AttemptSchema.parse(attempt));
      const sealed = Buffer.from(vault.seal(purposeOf(state), Buffer.from(text)));
      await attempts.keep(state, browserSecret, JSON.stringify(sealed.toString('base64')));
      return { url: page.href, browserSecret };
    },
    async take(back, browserSecret) {
      const query = back.searchParams;
      const state = query.get('state') ?? '';
      if (browserSecret === undefined || state === '') return undefined;
      const payload = await attempts.take(state, browserSecret);
      if (payload === undefined) return undefined;
      const sealed = Buffer.from(z.string().parse(JSON.parse(payload)), 'base64');
      const text = Buffer.from(await vault.open(purposeOf(state), sealed)).toString();
      const attempt = AttemptSchema.parse(JSON.parse(text));
      if (attempt.redirectUri !== `${back.origin}${back.pathname}`) return undefined;
      const { workspaceId, serverId, owner, target } = attempt;
      return {
        workspaceId,
        serverId,
        target,
        owner: owner === 'shared' ? 'shared' : `user:${owner.slice('user:'.length)}`,
        redeem: (record) => redeem(query, state, browserSecret, attempt, record),
      };
    },
  };
}

/** RFC 9207, section 2.4, letter by letter: of whom the answer is. Before its code goes anywhere. */
function checkIssuer(server: Attempt['server'], said: string | null, host: string): void {
  if (said === server.issuer) return;
  if (said !== null)
    throw new GateError(
      'denied',
      `the answer is of another issuer than ${host}, which was asked, so its code was not sent`,
    );
  if (server.authorization_response_iss_parameter_supported === true)
    throw new GateError(
      'denied',
      `the answer names no issuer, as ${host} promises of its own, so its code was not sent`,
    );
}

/** Why the tokens cannot be used; undefined: they can. Others than bearer tokens are bound to a key, or are sent in another way. */
export const oddKind = ({ token_type: kind }: TokenEndpointResponse): string | undefined =>
  kind === 'bearer' ? undefined : `gives tokens of a kind that is not understood (${quoteForeign(kind)})`;

/** What a token endpoint has answered; `asked`: what the tokens are for where it does not say. */
export function tokensOf(
  answer: TokenEndpointResponse,
  asked: readonly string[],
  startedAt: number,
): Pick<Tokens, 'accessToken' | 'refreshToken' | 'scopes' | 'expiresAt'> {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? null,
    scopes: answer.scope === undefined ? [...asked] : scopesOf(answer.scope),
    expiresAt: endOf(answer.expires_in, startedAt),
  };
}

/** Longer than any access token lives. */
const LONGEST_S = 10 * 365 * 86_400;

/**
 * By the broker's clock alone, from when it was asked for, as it may have been on its way for a while. Null where the provider does not say, or says
 * that there is nothing left of what it has just given: then a server's refusal says when it ends, instead of a refresh for every call.
 */
function endOf(seconds: number | undefined, startedAt: number): number | null {
  if (seconds === undefined || seconds === 0) return null;
  return startedAt + Math.floor(Math.min(seconds, LONGEST_S) * 1_000);
}

/** Without a refresh token a person would have to log in again whenever the access token ends. */
function scopesFor({ scopes_supported: supported }: AuthorizationServer, scopes: readonly string[]): string[] {
  const isOffered = supported?.includes('offline_access') === true;
  return isOffered && !scopes.includes('offline_access') ? [...scopes, 'offline_access'] : [...scopes];
}

function formOf({ name, account }: ServerRecord): OAuthForm {
  if (account?.kind === 'oauth') return account;
  throw new GateError('usage', `server ${name} is not used with an account by OAuth`);
}

export function urlOf({ name, transport }: ServerRecord): URL {
  const url = isAtUrl(transport) ? URL.parse(transport.url) : null;
  if (url !== null) return url;
  throw new GateError('config', `server ${name} has no URL that could be asked for a login`);
}
