// The tokens of accounts as requests need them: in memory as they were read last, refreshed ahead of their end, and looked up again where a
// server refuses one. While a provider is away the access token is used as long as it lives.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { AccountLack, AccountOwner, AccountRecord } from '../../domain/people/account.ts';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { targetOf } from '../../domain/transports/transports.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import type { Accounts, TokenAnswer } from '../accounts.ts';
import { openAccount } from '../sealed-account.ts';
import { readChallenge } from './challenge.ts';
import { comesOfSignIn, type EnterpriseTokens } from './enterprise.ts';
import type { Loaded, Refresher } from './refresher.ts';

/** So long before its end a token is refreshed; a short-lived one when a quarter of its life is left. */
const AHEAD_MS = 60_000;
/**
 * One that was refused so soon after it was given is no stale one: it was taken back, or the server takes none. To ask once for another tells which;
 * that one, refused as soon, is not asked to be replaced again.
 */
const FRESH_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const KEEP_MS = 6 * 3_600_000;

export interface KeptTokens extends Pick<Accounts, 'token' | 'refused'> {
  /** What there is, read now; or what is missing. */
  read(server: ServerRecord, owner: AccountOwner): Promise<Loaded | AccountLack>;
  /** What is in memory may be another's by now. */
  forget(serverId: string, owner: AccountOwner): void;
  forgetAll(): void;
}

export function createKeptTokens(parts: {
  store: Pick<Store, 'accounts'>;
  vault: Pick<Vault, 'open'>;
  clock: Clock;
  refresher: Refresher;
  enterprise: EnterpriseTokens;
  /** From 0 to 1. */
  random: () => number;
  /** Its owner must connect again; that is written down. */
  onExpired: (server: ServerRecord, record: AccountRecord) => Promise<void>;
  /** Of what nobody waits for. */
  onError: (error: unknown) => void;
}): KeptTokens {
  const { store, vault, clock, refresher, random } = parts;
  const makeMap = () => createRecentMap<Loaded>({ clock, keepMs: KEEP_MS });
  let kept = makeMap();
  /** Of those whose provider is away: how often in a row, and when it is asked again. */
  const pauses = new Map<string, { failures: number; until: number; error: GateError }>();
  /** Whose token was refused just now, so that another was asked for. */
  const askedAgain = createRecentMap<number>({ clock, keepMs: FRESH_MS });
  const keyOf = (serverId: string, owner: AccountOwner): string => `${serverId} ${owner}`;

  async function read(server: ServerRecord, owner: AccountOwner): Promise<Loaded | AccountLack> {
    const record = await store.accounts.find(server.id, owner);
    if (record === undefined || record.kind !== 'oauth' || server.account?.kind !== 'oauth') return 'missing';
    if (record.state === 'expired') return 'expired';
    const content = await openAccount(vault, record);
    if (content.kind !== 'oauth' || content.target !== targetOf(server.transport)) return 'missing';
    const loaded = { record, content };
    kept.set(keyOf(server.id, owner), loaded);
    return loaded;
  }

  const tokenOf = ({ content }: Loaded): TokenAnswer => ({ kind: 'token', value: content.accessToken });
  const lacking = (lack: AccountLack): TokenAnswer => ({ kind: 'lacking', lack });
  const leftMs = ({ record }: Loaded): number => (record.expiresAt ?? Infinity) - clock.now();

  function decide(server: ServerRecord, loaded: Loaded): TokenAnswer | Promise<TokenAnswer> {
    const left = leftMs(loaded);
    const { record, content } = loaded;
    const ahead = Math.min(AHEAD_MS, ((record.expiresAt ?? Infinity) - record.updatedAt) / 4);
    if (left > ahead) return tokenOf(loaded);
    if (comesOfSignIn(server)) {
      if (left <= 0) return mint(server, record.owner, loaded);
      mint(server, record.owner, loaded).catch(parts.onError);
      return tokenOf(loaded);
    }
    if (left <= 0) return content.refreshToken === null ? expired(server, loaded) : renew(server, loaded);
    if (content.refreshToken !== null) renew(server, loaded).catch(parts.onError);
    return tokenOf(loaded);
  }

  /** Without its owner: by what the company's IdP says of them. */
  async function mint(server: ServerRecord, owner: AccountOwner, from: Loaded | undefined): Promise<TokenAnswer> {
    const minted = await parts.enterprise.mint(server, owner, from);
    if (minted.kind !== 'fresh') return lacking(minted.kind === 'gone' ? 'missing' : 'expired');
    kept.set(keyOf(server.id, owner), minted.loaded);
    return tokenOf(minted.loaded);
  }

  const without = (server: ServerRecord, owner: AccountOwner, lack: AccountLack): TokenAnswer | Promise<TokenAnswer> =>
    comesOfSignIn(server) ? mint(server, owner, undefined) : lacking(lack);

  async function expired(server: ServerRecord, { record }: Loaded): Promise<TokenAnswer> {
    kept.delete(keyOf(server.id, record.owner));
    if (await store.accounts.expire(record)) await parts.onExpired(server, record);
    return lacking('expired');
  }

  async function renew(server: ServerRecord, from: Loaded): Promise<TokenAnswer> {
    const key = keyOf(server.id, from.record.owner);
    const pause = pauses.get(key);
    if (pause !== undefined && clock.now() < pause.until) return orThrow(from, pause);
    const outcome = await refresher.refresh(server, from);
    if (outcome.kind === 'away') {
      const failures = (pauses.get(key)?.failures ?? 0) + 1;
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
      const next = { failures, until: clock.now() + longest * (0.5 + random() / 2), error: outcome.error };
      pauses.set(key, next);
      return orThrow(from, next);
    }
    pauses.delete(key);
    switch (outcome.kind) {
      case 'fresh':
        kept.set(key, outcome.loaded);
        return tokenOf(outcome.loaded);
      case 'in_doubt':
        // What is left of it is used up; whoever made it new meanwhile has another version.
        return leftMs(from) > 0 ? tokenOf(from) : expired(server, from);
      case 'expired':
        kept.delete(key);
        await parts.onExpired(server, from.record);
        return lacking('expired');
      case 'gone':
        kept.delete(key);
        return lacking('missing');
    }
  }

  function orThrow(loaded: Loaded, { until, error }: { until: number; error: GateError }): TokenAnswer {
    if (leftMs(loaded) > 0) return tokenOf(loaded);
    const retryAfterMs = Math.max(until - clock.now(), 0);
    const message = `${error.message}; nothing was sent, try again in ${Math.ceil(retryAfterMs / 1_000)} s`;
    throw new GateError('unreachable', message, { cause: error, retryAfterMs });
  }

  /** The server wants more than its owner has given. */
  async function wantMore(
    server: ServerRecord,
    owner: AccountOwner,
    scopes: readonly string[],
  ): Promise<TokenAnswer | undefined> {
    const loaded = await read(server, owner);
    if (typeof loaded === 'string') return lacking(loaded);
    const missing = scopes.filter((scope) => !loaded.record.scopes.includes(scope));
    // It has what is asked for: to ask for the same again would lead nowhere.
    if (missing.length === 0) return undefined;
    await store.accounts.want(loaded.record, [...new Set([...loaded.record.wanted, ...missing])]);
    return lacking('more_scopes');
  }

  return {
    token(server, owner) {
      const known = kept.get(keyOf(server.id, owner));
      if (known !== undefined && known.content.target === targetOf(server.transport)) return decide(server, known);
      return read(server, owner).then((found) =>
        typeof found === 'string' ? without(server, owner, found) : decide(server, found),
      );
    },
    async refused(server, owner, token, { wants, header }) {
      const challenge = readChallenge(header);
      if (wants === 'wider_token')
        return challenge.error === 'insufficient_scope' ? wantMore(server, owner, challenge.scopes) : undefined;
      const found = await read(server, owner);
      if (typeof found === 'string') return without(server, owner, found);
      if (found.content.accessToken !== token) return tokenOf(found);
      const key = keyOf(server.id, owner);
      const hasNoOther = found.content.refreshToken === null && !comesOfSignIn(server);
      // Of either sign: a clock that was set back, or another broker's that is ahead, makes nothing fresh for hours.
      const isFresh = Math.abs(clock.now() - found.record.updatedAt) < FRESH_MS;
      if (isFresh && (hasNoOther || askedAgain.get(key) !== undefined)) return undefined;
      askedAgain.set(key, clock.now());
      if (comesOfSignIn(server)) return mint(server, owner, found);
      if (found.content.refreshToken === null) return expired(server, found);
      const answer = await renew(server, { ...found, record: { ...found.record, expiresAt: clock.now() } });
      return answer.kind === 'token' && answer.value === token ? undefined : answer;
    },
    read,
    forget: (serverId, owner) => {
      kept.delete(keyOf(serverId, owner));
      pauses.delete(keyOf(serverId, owner));
    },
    forgetAll: () => void (kept = makeMap()),
  };
}
