// Gives the daemon its access token: a grant (`MCPGATE_TOKEN`, or stored by `login --with-token`), or one that it fetches with the refresh token in
// the keychain. It makes one refresh at a time, and stores the new refresh token before the access token is used. It loads the OAuth library only
// for a refresh.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Credential, CredentialAddress, CredentialStore } from '../credentials/credential-store.ts';
import { BACKGROUND_TIMEOUT_MS } from '../credentials/keychain.ts';
import { openCredentialStore } from '../credentials/open-credential-store.ts';
import { effectiveEnvironment } from '../laptop/kept-environment.ts';
import { readSettings, type Environment, type Settings, type TokenStoreKind } from '../laptop/settings-file.ts';
import { parseBrokerUrl } from './broker-url.ts';
import { deviceKey, retryProof } from './device-key.ts';
import { createHttpFetch, type HttpFetch } from './http-fetch.ts';
import type { OAuthClient, Tokens } from './oauth-client.ts';

export type TokenResult =
  /**
   * `expiresAt`: ms since the epoch; null: the token does not end by itself (a grant). `remedy`: what a person does if the broker refuses the
   * token, where a login would not help.
   */
  | { kind: 'token'; token: string; expiresAt: number | null; remedy?: string }
  /** Only a login helps: there was none, or the broker answered `invalid_grant`, which is marked by `ended`. */
  | { kind: 'login_needed'; message: string; ended?: true }
  /** A temporary failure: no network, 5xx, keychain locked. Try again later. */
  | { kind: 'retry'; message: string };

/** What a person does about a refused grant that comes from the environment. */
export const GRANT_REMEDY = 'set MCPGATE_TOKEN to another grant';

export interface TokenSource {
  /** The origin of the broker, e.g. `https://mcp.example.com`; undefined: never logged in. */
  readonly broker: string | undefined;
  /** The access token for the tunnel. Refreshes it if it ends within `minValidityMs`, or if the broker refused the last one (`force`). */
  token(options: { minValidityMs: number; force?: boolean; signal: AbortSignal }): Promise<TokenResult>;
}

export interface TokenSourceOptions {
  /** The folder of the profile. */
  configDir: string;
  profile: string;
  /** The environment of the process; variables that were kept at login are added here. */
  env: Environment;
  /** By default `createHttpFetch` with the same environment. */
  fetch?: HttpFetch;
  clock: Clock;
  /** Writes a line to the log; lines never contain a secret. */
  log(line: string): void;
  /** For tests: another store. */
  openStore?(kind: TokenStoreKind): CredentialStore;
}

interface Login {
  /** Identifies the login: differs after each login. */
  id: string;
  broker: string;
  address: CredentialAddress;
  tokenStore: TokenStoreKind;
}

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { configDir, profile, env, clock, log } = options;
  const fetch: HttpFetch =
    options.fetch ??
    // Made anew for each refresh, because a login may have changed the proxy; refreshes are rare.
    ((url, request) => {
      const kept = effectiveEnvironment(env, readSettings(configDir));
      return createHttpFetch(kept, { keepsConnections: false }).fetch(url, request);
    });
  const openStore =
    options.openStore ??
    ((kind) => {
      const kept = effectiveEnvironment(env, readSettings(configDir));
      return openCredentialStore(kind, { configDir, profile, env: kept, timeoutMs: BACKGROUND_TIMEOUT_MS });
    });
  let refreshing: Promise<TokenResult> | undefined;
  let current: { login: string; tokens: Tokens } | undefined;
  /** Tokens that were fetched and could not be stored. They must be stored before the next refresh, or the login is lost. */
  let unstored: { tokens: Tokens; spent: Credential; owner: Credential } | undefined;
  let client: OAuthClient | undefined;
  /** The credential that the broker has answered with `invalid_grant`, so that it is not asked again. */
  let ended: Credential | undefined;

  function login(): Login | { kind: 'login_needed'; message: string } {
    const settings = readSettings(configDir);
    const broker = brokerOf(env, settings.broker);
    if (broker === undefined) return loginNeeded('not logged in: run `mcpgate login https://BROKER`');
    if (settings.credential === undefined) return loginNeeded(`not logged in: run \`mcpgate login ${broker}\``);
    const address = { broker, workspace: settings.workspace ?? 'default' };
    return { id: loginId(broker, settings), broker, address, tokenStore: settings.tokenStore ?? 'keychain' };
  }

  async function keep(store: CredentialStore, { id, address }: Login): Promise<TokenResult> {
    if (unstored === undefined) throw new GateError('internal', 'there is no token to keep');
    const { tokens, spent, owner } = unstored;
    const kept = await store.replace(address, spent, owner);
    unstored = undefined;
    // A person logged in or out while the refresh was under way; that login counts, not this one.
    if (!kept) return { kind: 'retry', message: 'the login changed meanwhile' };
    current = { login: id, tokens };
    return handOut(tokens);
  }

  async function obtain(minValidityMs: number, force: boolean): Promise<TokenResult> {
    const found = login();
    if ('kind' in found) return found;
    const { broker, address } = found;
    const good = (): boolean =>
      current?.login === found.id && !force && current.tokens.expiresAt - clock.now() > minValidityMs;
    if (current !== undefined && good()) return handOut(current.tokens);
    const store = openStore(found.tokenStore);
    if (unstored !== undefined) {
      const kept = await keep(store, found);
      if (kept.kind !== 'token' || good()) return kept;
    }
    const credential = await store.read(address);
    if (credential === null) {
      current = undefined;
      return loginNeeded(`not logged in at ${broker}: run \`mcpgate login ${broker}\``);
    }
    if (credential.kind === 'grant') return { kind: 'token', token: credential.token, expiresAt: null };
    if (ended?.token === credential.token) return loginEnded(broker);
    if (client?.broker !== broker) {
      const { createOAuthClient } = await import('./oauth-client.ts');
      client = await createOAuthClient(broker, { fetch, clock });
    }
    const result = await client.refresh(credential.token, {
      retry_proof: retryProof(deviceKey(configDir), credential.token),
    });
    if (result.kind === 'retry') throw result.error;
    if (result.kind === 'ended') {
      // Another process may have refreshed or logged in meanwhile. Only if the same token is still stored, the login has ended.
      const now = await store.read(address);
      if (now !== null && now.token !== credential.token)
        return { kind: 'retry', message: 'the login changed meanwhile' };
      ended = credential;
      current = undefined;
      return loginEnded(broker);
    }
    const { tokens } = result;
    log(`access token refreshed, valid for ${Math.round((tokens.expiresAt - clock.now()) / 1000)} s`);
    if (tokens.refreshToken === undefined || tokens.refreshToken === credential.token) {
      current = { login: found.id, tokens };
      return handOut(tokens);
    }
    unstored = { tokens, spent: credential, owner: { kind: 'device', token: tokens.refreshToken } };
    return keep(store, found);
  }

  return {
    get broker() {
      return brokerOf(env, readSettings(configDir).broker);
    },
    async token({ minValidityMs, force = false, signal }) {
      const grant = env['MCPGATE_TOKEN'];
      if (grant !== undefined && grant !== '') {
        if (this.broker === undefined)
          return loginNeeded('MCPGATE_TOKEN is set, but no broker: set MCPGATE_BROKER too');
        return { kind: 'token', token: grant, expiresAt: null, remedy: GRANT_REMEDY };
      }
      refreshing ??= obtain(minValidityMs, force)
        .catch((error: unknown): TokenResult => {
          const message = error instanceof Error ? error.message : String(error);
          log(`no access token now: ${message}`);
          return { kind: 'retry', message };
        })
        .finally(() => (refreshing = undefined));
      return orAborted(refreshing, signal);
    },
  };
}

function brokerOf(env: Environment, stored: string | undefined): string | undefined {
  const wanted = env['MCPGATE_BROKER'] || stored;
  return wanted === undefined ? undefined : parseBrokerUrl(wanted);
}

const handOut = ({ accessToken, expiresAt }: Tokens) => ({ kind: 'token', token: accessToken, expiresAt }) as const;

const loginId = (broker: string, settings: Settings): string => `${broker} ${settings.workspace} ${settings.loginId}`;

const loginNeeded = (message: string) => ({ kind: 'login_needed', message }) as const;

const loginEnded = (broker: string) =>
  ({
    kind: 'login_needed',
    message: `the login at ${broker} has ended, or access was taken away: run \`mcpgate login\`, and where that lets you in no more, ask your platform team`,
    ended: true,
  }) as const;

/** The result, or `cancelled` for the caller that gives up. The refresh goes on, because other callers may wait for it. */
function orAborted(result: Promise<TokenResult>, signal: AbortSignal): Promise<TokenResult> {
  const cancelled: TokenResult = { kind: 'retry', message: 'cancelled' };
  if (signal.aborted) return Promise.resolve(cancelled);
  return new Promise((resolve) => {
    const abort = (): void => resolve(cancelled);
    signal.addEventListener('abort', abort, { once: true });
    void result.then((found) => {
      signal.removeEventListener('abort', abort);
      resolve(found);
    });
  });
}
