// Accounts that nobody connects: what the company's IdP says of a person (ID-JAG) is traded at the server's authorization server for a token (RFC
// 7523). There is no refresh token; another assertion takes its place.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import {
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';
import { type AccountOwner, type OAuthForm, userIdOf } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { targetOf } from '../../domain/transports/transports.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import type { CompanyAssertions } from '../company-assertions.ts';
import { sealAccount, type TokensContent } from '../sealed-account.ts';
import type { ClientIdentities } from './client-identity.ts';
import type { Declined } from './declined.ts';
import { discover } from './discovery.ts';
import { explain, oauthErrorOf, oauthFetch } from './guarded.ts';
import { tokensOf, urlOf } from './login.ts';
import type { Loaded } from './refresher.ts';
import { revokeTokens } from './revoke.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** After a refusal the IdP is not asked for the same again before so long, and while it is away not with each call. */
const REFUSED_MS = 5_000;
const PAUSES_MS: Readonly<Record<string, number | undefined>> = { forbidden: REFUSED_MS, unreachable: 1_000 };

export type Minted =
  | { kind: 'fresh'; loaded: Loaded }
  /** The person must sign in at the company's IdP again. */
  | { kind: 'no_sign_in' }
  /** There is no account to be had: its person does not want it, whose it would be has ended, or the server was moved meanwhile. */
  | { kind: 'gone' };

export interface EnterpriseTokens {
  /** Throws `forbidden` where the IdP or the authorization server says no, `unreachable` where one of them is away. */
  mint(server: ServerRecord, owner: AccountOwner, from: Loaded | undefined): Promise<Minted>;
}

/** Whether the server's accounts come of the sign-in at the company's IdP. */
export const comesOfSignIn = ({ account }: Pick<ServerRecord, 'account'>): boolean =>
  account?.kind === 'oauth' && account.via === 'idp';

export function createEnterpriseTokens(parts: {
  store: Pick<Store, 'accounts'>;
  vault: Pick<Vault, 'seal'>;
  clock: Clock;
  guardedFetch: GuardedFetch;
  clients: ClientIdentities;
  company: CompanyAssertions | undefined;
  declined: Pick<Declined, 'has'>;
}): EnterpriseTokens {
  const { store, vault, clock, guardedFetch, clients, company, declined } = parts;
  const underWay = new Map<string, Promise<Minted>>();
  const refusals = createRecentMap<{ until: number; error: GateError }>({ clock, keepMs: REFUSED_MS });

  async function make(server: ServerRecord, userId: string, from: Loaded | undefined): Promise<Minted> {
    const form = formOf(server);
    if (company === undefined)
      throw refused(`server ${server.name} wants the sign-in at the company's IdP, and there is none`);
    const { workspaceId, id: serverId, name: serverName, transport } = server;
    const owner = `user:${userId}` as const;
    if (await declined.has(serverId, owner)) return { kind: 'gone' };
    const url = urlOf(server);
    const { server: at, resource, scopes: named } = await discover(guardedFetch, { name: serverName, url, form });
    const scopes = [...(form.scopes ?? named ?? [])];
    const answer = await company.request({ workspaceId, userId, audience: at.issuer, resource, scopes });
    if (answer.kind === 'no_sign_in') return answer;
    if (answer.kind === 'refused')
      throw refused(`${answer.by} does not let you use server ${serverName}: ${answer.why}`);
    const fetch = oauthFetch(guardedFetch, url.hostname);
    const client = await clients.clientFor({ server: at, workspaceId, serverName, form }, fetch);
    const proof = await clients.proofOf(client, server);
    const known = { client_id: client.id };
    const asked = {
      assertion: answer.assertion,
      resource,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    };
    const startedAt = clock.now();
    let tokens: TokenEndpointResponse;
    try {
      const response = await genericTokenEndpointRequest(at, known, proof, JWT_BEARER, asked, fetch);
      tokens = await processGenericTokenEndpointResponse(at, known, response);
    } catch (error) {
      const explained = explain(error, `${new URL(at.issuer).host}, which gives the tokens for server ${serverName},`);
      throw oauthErrorOf(error) === undefined
        ? new GateError('unreachable', explained.message, { cause: error })
        : refused(explained.message, error);
    }
    const target = targetOf(transport);
    const { scopes: given, expiresAt, accessToken } = tokensOf(tokens, scopes, startedAt);
    const { issuer, token_endpoint: endpoint = '', revocation_endpoint: revocation } = at;
    const content: TokensContent = {
      ...{ kind: 'oauth', target, client, resource, accessToken, refreshToken: null, rotates: null },
      server: {
        issuer,
        token_endpoint: endpoint,
        ...(revocation === undefined ? {} : { revocation_endpoint: revocation }),
      },
    };
    const of = { workspaceId, serverId, owner };
    const sealed = sealAccount(vault, of, content);
    const values = { sealed, scopes: given, expiresAt };
    const renewed = from && (await store.accounts.refreshed(from.record, values));
    const record = renewed ?? (await store.accounts.put({ ...of, target, kind: 'oauth', ...values }));
    if (record === undefined) return { kind: 'gone' };
    // Whoever disconnects says so first and ends what there is then: one of both finds what was made meanwhile.
    if (!(await declined.has(serverId, owner))) return { kind: 'fresh', loaded: { record, content } };
    if (await store.accounts.remove(of)) await revokeTokens({ guardedFetch, clients }, server, content);
    return { kind: 'gone' };
  }

  return {
    mint(server, owner, from) {
      const userId = userIdOf(owner);
      if (userId === undefined) return Promise.resolve({ kind: 'no_sign_in' });
      const key = `${server.id} ${owner}`;
      const said = refusals.get(key);
      if (said !== undefined && said.until > clock.now()) return Promise.reject(said.error);
      const known = underWay.get(key);
      if (known !== undefined) return known;
      const minting = make(server, userId, from)
        .catch((error: unknown) => {
          const pauseMs = error instanceof GateError ? PAUSES_MS[error.code] : undefined;
          if (error instanceof GateError && pauseMs !== undefined)
            refusals.set(key, { until: clock.now() + pauseMs, error });
          throw error;
        })
        .finally(() => underWay.delete(key));
      underWay.set(key, minting);
      return minting;
    },
  };
}

const refused = (message: string, cause?: unknown): GateError => new GateError('forbidden', message, { cause });

function formOf({ name, account }: ServerRecord): OAuthForm {
  if (account?.kind === 'oauth') return account;
  throw new GateError('usage', `server ${name} is not used with an account by OAuth`);
}
