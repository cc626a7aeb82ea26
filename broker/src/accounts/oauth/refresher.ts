// Refreshes the tokens of an account, one refresh at a time over all brokers: the broker with the lease asks the provider, the others wait for
// its result. Before the refresh token is sent, the store records that it is in use: a token that was sent and whose answer nobody kept may have
// been used up, and providers that rotate it take a second use for a theft and end everything (RFC 9700, section 4.14). So it is sent again only
// where nothing of the request was sent, where the provider said no without taking it, or where it is known not to rotate.
import { randomUUID } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import { processRefreshTokenResponse, refreshTokenGrantRequest, type TokenEndpointResponse } from 'oauth4webapi';
import type { AccountRecord } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { type GuardedFetch, NoAnswer } from '../../net/guarded-fetch.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { openAccount, sealAccount, type TokensContent } from '../sealed-account.ts';
import type { ClientIdentities } from './client-identity.ts';
import { explain, oauthErrorOf, oauthFetch, statusOf } from './guarded.ts';
import { oddKind, tokensOf, urlOf } from './login.ts';
import { revokeTokens } from './revoke.ts';

/** The tokens of one account, as they were read last. */
export interface Loaded {
  record: AccountRecord;
  content: TokensContent;
}

export type Refreshed =
  | { kind: 'fresh'; loaded: Loaded }
  /** Nobody gets tokens by it any more; that is written down. */
  | { kind: 'expired' }
  /** There is no account any more. */
  | { kind: 'gone' }
  /** Whether the refresh token is still good is not known, and must not be tried: what the access token has left is all. */
  | { kind: 'in_doubt' }
  /** Its provider is away; the same may be tried again. */
  | { kind: 'away'; error: GateError };

/** Longer than a provider may take, so that a lease ends only where its holder has ended. */
const LEASE_MS = 15_000;
const LOOK_AGAIN_MS = 200;
/** What was fetched must be kept: until then nobody can use the account again. */
const KEEP_AGAIN_MS = 500;
const KEEP_TRIES = 240;

/** `invalid_grant` and what GitHub calls so. */
const DEFINITE: ReadonlySet<string> = new Set(['invalid_grant', 'bad_refresh_token', 'incorrect_client_credentials']);
const CLIENT_UNKNOWN: ReadonlySet<string> = new Set(['invalid_client', 'unauthorized_client']);

export interface Refresher {
  /** A new version of what was loaded. Concurrent callers here share one. */
  refresh(server: ServerRecord, from: Loaded): Promise<Refreshed>;
}

export function createRefresher(parts: {
  store: Pick<Store, 'accounts'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  log: Pick<BaseLogger, 'warn'>;
  guardedFetch: GuardedFetch;
  clients: ClientIdentities;
}): Refresher {
  const { store, vault, clock, log, guardedFetch, clients } = parts;
  const holder = randomUUID();
  const underWay = new Map<string, Promise<Refreshed>>();
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

  async function refresh(server: ServerRecord, from: Loaded): Promise<Refreshed> {
    const { record, content } = from;
    for (;;) {
      const lease = { holder, until: clock.now() + LEASE_MS, evenIfInUse: content.rotates === false };
      if (await store.accounts.lease(record, lease)) return ask(server, from);
      const now = await store.accounts.find(record.serverId, record.owner);
      if (now === undefined) return { kind: 'gone' };
      if (now.state === 'expired') return { kind: 'expired' };
      if (now.version !== record.version) return loaded(now);
      const held = await store.accounts.leaseOf(record.serverId, record.owner);
      const leftMs = (held?.until ?? 0) - clock.now();
      if (leftMs <= 0 && held?.inUseSince !== null) return { kind: 'in_doubt' };
      await pause(Math.min(Math.max(leftMs, 1), LOOK_AGAIN_MS));
    }
  }

  async function loaded(record: AccountRecord): Promise<Refreshed> {
    const content = await openAccount(vault, record);
    return content.kind === 'oauth' ? { kind: 'fresh', loaded: { record, content } } : { kind: 'gone' };
  }

  /** With the lease. */
  async function ask(server: ServerRecord, { record, content }: Loaded): Promise<Refreshed> {
    const { issuer } = content.server;
    const who = `${new URL(issuer).host}, which gives the tokens for server ${server.name},`;
    const startedAt = clock.now();
    let answer: TokenEndpointResponse;
    try {
      answer = await request(server, content);
    } catch (error) {
      const code = oauthErrorOf(error)?.code;
      if (code !== undefined && CLIENT_UNKNOWN.has(code)) await clients.forget(record.workspaceId, issuer);
      if (code !== undefined && (DEFINITE.has(code) || CLIENT_UNKNOWN.has(code))) {
        await store.accounts.expire(record);
        return { kind: 'expired' };
      }
      const wasTaken = error instanceof NoAnswer ? error.wasSent : isUnclear(error);
      await store.accounts.release(record, holder, { wasUsed: wasTaken && content.rotates !== false });
      const explained = explain(error, who);
      log.warn({ server: server.name, err: explained }, 'the tokens of an account could not be refreshed');
      return { kind: 'away', error: new GateError('unreachable', explained.message, { cause: error }) };
    }
    const odd = oddKind(answer);
    if (odd !== undefined) {
      await store.accounts.release(record, holder, { wasUsed: content.rotates !== false });
      return { kind: 'away', error: new GateError('unreachable', `${who} ${odd}`) };
    }
    const { scopes, ...fresh } = tokensOf(answer, record.scopes, startedAt);
    const next: TokensContent = {
      ...content,
      accessToken: fresh.accessToken,
      refreshToken: fresh.refreshToken ?? content.refreshToken,
      rotates: content.rotates === true || (fresh.refreshToken !== null && fresh.refreshToken !== content.refreshToken),
    };
    return keep(server, { record, content: next }, scopes, fresh.expiresAt);
  }

  async function request(server: ServerRecord, content: TokensContent): Promise<TokenEndpointResponse> {
    const { server: at, client, resource, refreshToken } = content;
    const proof = await clients.proofOf(client, server);
    const options = { ...oauthFetch(guardedFetch, urlOf(server).hostname), additionalParameters: { resource } };
    const known = { client_id: client.id };
    const response = await refreshTokenGrantRequest(at, known, proof, refreshToken ?? '', options);
    return processRefreshTokenResponse(at, known, response);
  }

  async function keep(
    server: ServerRecord,
    { record, content }: Loaded,
    scopes: readonly string[],
    expiresAt: number | null,
  ): Promise<Refreshed> {
    const fresh = { sealed: sealAccount(vault, record, content), scopes, expiresAt };
    for (let tries = 1; ; tries++) {
      try {
        const kept = await store.accounts.refreshed(record, fresh);
        if (kept !== undefined) return { kind: 'fresh', loaded: { record: kept, content } };
        const now = await store.accounts.find(record.serverId, record.owner);
        if (now !== undefined) return loaded(now);
        // Whoever ended the account has ended what was there; nobody else knows of what has been fetched since.
        const why = await revokeTokens({ guardedFetch, clients }, server, content);
        if (why !== undefined)
          log.warn({ server: server.name, why }, 'tokens of an account that has ended are still good');
        return { kind: 'gone' };
      } catch (error) {
        if (!(error instanceof GateError) || error.code !== 'unavailable' || tries === KEEP_TRIES) throw error;
        await pause(KEEP_AGAIN_MS);
      }
    }
  }

  return {
    refresh(server, from) {
      const key = `${from.record.serverId} ${from.record.owner} ${from.record.version}`;
      const known = underWay.get(key);
      if (known !== undefined) return known;
      const run = refresh(server, from).finally(() => underWay.delete(key));
      underWay.set(key, run);
      return run;
    },
  };
}

/** Whether the answer leaves open what became of the refresh token: a proxy that gave up, or an answer of success that cannot be read. */
function isUnclear(error: unknown): boolean {
  if (oauthErrorOf(error) !== undefined || error instanceof GateError) return false;
  const status = statusOf(error);
  return status === undefined || status < 400 || status === 502 || status === 504;
}
