// What the IdP gave at each person's last sign-in, sealed: an ID token as long as it is good, and where the configuration asks for one a refresh
// token that brings the next. Over all brokers one alone uses a refresh token, once, as providers that rotate it take a second use for a theft: by a
// lease that its holder keeps up, and that says when the token is sent. Where a holder dies before that, another one takes its place seconds
// later; where it dies after that, nobody knows whether the token is good, and the person signs in again.
import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';

const KIND = 'CompanySignIn';
/** An ID token that ends so soon is not sent any more. */
const SOON_MS = 10_000;
/** How long a sign-in with a refresh token may go unused. */
const KEEP_MS = 30 * 86_400_000;
const LEASE_MS = 4_000;
const KEEP_UP_MS = 1_000;
const LOOK_AGAIN_MS = 200;
/** What was fetched must be kept: until then nobody can use the sign-in again. */
const END_AGAIN_MS = 500;
const END_TRIES = 120;

const KeptSchema = z.object({
  idToken: z.string(),
  refreshToken: z.string().nullable(),
  /** Whether a refresh token is good for one use; null: none was used yet. */
  rotates: z.boolean().nullable(),
  /** The IdP takes the ID token no more, though it has not ended. */
  isSpent: z.boolean(),
});
export type KeptSignIn = z.output<typeof KeptSchema>;

const RowSchema = z.object({
  sealed: z.string(),
  lease: z.object({ holder: z.string(), until: z.number() }).nullable(),
  /** The refresh token is sent, and its answer is not here. */
  isInUse: z.boolean(),
});
type Row = z.output<typeof RowSchema>;

export type Renewed =
  | { kind: 'renewed'; idToken: string; refreshToken: string | null }
  /** The IdP says that the sign-in is over. */
  | { kind: 'over' }
  /** It said no without taking the token, or was never asked; `wasTaken`: it may have taken it. What is thrown then says why. */
  | { kind: 'failed'; wasTaken: boolean; error: unknown };

/** Asks the IdP, of whom the sign-in was `of`; `sending` is called before the refresh token goes out, and may throw. */
export type Renew = (of: KeptSignIn, refreshToken: string, sending: () => Promise<void>) => Promise<Renewed>;

export interface KeptSignIns {
  keep(userId: string, tokens: Pick<KeptSignIn, 'idToken' | 'refreshToken'>): Promise<void>;
  /** An ID token that is still good; undefined: they must sign in again. Throws what `renew` failed with. */
  idToken(userId: string): Promise<string | undefined>;
  /** The IdP takes this ID token no more. */
  spent(userId: string, idToken: string): Promise<void>;
  find(userId: string): Promise<KeptSignIn | undefined>;
  forget(userId: string): Promise<void>;
}

/** Another broker has taken the lease over, or somebody has signed in or was disabled meanwhile. */
class LeaseLost extends Error {}

export function createKeptSignIns(parts: {
  store: Pick<Store, 'oauth'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  renew: Renew;
}): KeptSignIns {
  const { store, vault, clock, renew } = parts;
  const purposeOf = (userId: string): string => `company-sign-in:${userId}`;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  const endOfRow = ({ idToken, refreshToken }: KeptSignIn): number =>
    refreshToken === null ? endOf(idToken) : clock.now() + KEEP_MS;

  function rowOf(userId: string, kept: KeptSignIn): Row {
    const sealed = vault.seal(purposeOf(userId), Buffer.from(JSON.stringify(kept), 'utf8'));
    return { sealed: Buffer.from(sealed).toString('base64'), lease: null, isInUse: false };
  }

  async function read(userId: string): Promise<{ payload: string; row: Row; kept: KeptSignIn } | undefined> {
    const found = await store.oauth.find(KIND, sha256Hex(userId));
    if (found === undefined || (found.expiresAt ?? 0) <= clock.now()) return undefined;
    const row = RowSchema.parse(JSON.parse(found.payload));
    const text = await vault.open(purposeOf(userId), Buffer.from(row.sealed, 'base64'));
    return { payload: found.payload, row, kept: KeptSchema.parse(JSON.parse(Buffer.from(text).toString('utf8'))) };
  }

  const put = (userId: string, from: string, row: Row, expiresAt: number): Promise<boolean> =>
    store.oauth.replace(KIND, sha256Hex(userId), from, { payload: JSON.stringify(row), expiresAt });

  /** The right to refresh what was read; undefined where somebody else was faster. */
  async function lease(userId: string, { payload, row, kept }: { payload: string; row: Row; kept: KeptSignIn }) {
    const expiresAt = endOfRow(kept);
    const holder = randomUUID();
    const leased = (isInUse: boolean): Row => ({
      ...row,
      isInUse,
      lease: { holder, until: clock.now() + LEASE_MS },
    });
    let now = leased(false);
    if (!(await put(userId, payload, now, expiresAt))) return undefined;
    let isOver = false;
    let cancel: () => void = () => undefined;
    let last: Promise<unknown> = Promise.resolve();
    /** One change after the other, as each names the one before. */
    function change(toNext: () => Row, until = expiresAt): Promise<boolean> {
      const after = async (): Promise<boolean> => {
        const row = toNext();
        const isOurs = await put(userId, JSON.stringify(now), row, until);
        if (isOurs) now = row;
        return isOurs;
      };
      const changing = last.then(after);
      last = changing.catch(() => undefined);
      return changing;
    }
    const keepUp = (): void => {
      if (isOver) return;
      cancel = clock.after(KEEP_UP_MS, () => {
        // Where the store is away the lease ends, and `sending` fails or what was sent is in doubt.
        change(() => leased(now.isInUse)).then(keepUp, keepUp);
      });
    };
    keepUp();
    const stop = (): void => {
      isOver = true;
      cancel();
    };
    return {
      async sending() {
        if (!(await change(() => leased(true)))) throw new LeaseLost();
      },
      /** False where it is not this broker's any more. */
      async end(left: Row, until = expiresAt): Promise<boolean> {
        stop();
        for (let tries = 1; ; tries++) {
          try {
            return await change(() => left, until);
          } catch (error) {
            if (!(error instanceof GateError) || error.code !== 'unavailable' || tries === END_TRIES) throw error;
            await pause(END_AGAIN_MS);
          }
        }
      },
      stop,
    };
  }

  async function refreshed(
    userId: string,
    found: { payload: string; row: Row; kept: KeptSignIn },
    refreshToken: string,
  ): Promise<{ idToken: string | undefined } | 'look_again'> {
    const held = await lease(userId, found);
    if (held === undefined) return 'look_again';
    const { row, kept } = found;
    try {
      const answer = await renew(kept, refreshToken, held.sending);
      if (answer.kind === 'renewed') {
        const rotates = kept.rotates === true || (answer.refreshToken ?? refreshToken) !== refreshToken;
        const next = { ...answer, refreshToken: answer.refreshToken ?? refreshToken, rotates, isSpent: false };
        return (await held.end(rowOf(userId, next), endOfRow(next))) ? { idToken: answer.idToken } : 'look_again';
      }
      if (answer.kind === 'over') return (await held.end(row, clock.now())) ? { idToken: undefined } : 'look_again';
      await held.end({ ...row, lease: null, isInUse: answer.wasTaken && kept.rotates !== false });
      throw answer.error;
    } catch (error) {
      if (error instanceof LeaseLost) return 'look_again';
      throw error;
    } finally {
      held.stop();
    }
  }

  return {
    async keep(userId, tokens) {
      const kept = { ...tokens, rotates: null, isSpent: false };
      const none = { grantId: null, userCode: null, consumedAt: null };
      const payload = JSON.stringify(rowOf(userId, kept));
      const of = { kind: KIND, idHash: sha256Hex(userId), uid: userId };
      await store.oauth.upsert({ ...of, ...none, payload, expiresAt: endOfRow(kept) });
    },
    async idToken(userId) {
      for (;;) {
        const found = await read(userId);
        if (found === undefined) return undefined;
        const { kept, row } = found;
        if (!kept.isSpent && endOf(kept.idToken) - clock.now() > SOON_MS) return kept.idToken;
        if (kept.refreshToken === null) return undefined;
        const leftMs = (row.lease?.until ?? 0) - clock.now();
        if (leftMs > 0) {
          await pause(Math.min(leftMs, LOOK_AGAIN_MS));
          continue;
        }
        if (row.isInUse && kept.rotates !== false) return undefined;
        const answer = await refreshed(userId, found, kept.refreshToken);
        if (answer !== 'look_again') return answer.idToken;
      }
    },
    async spent(userId, idToken) {
      const found = await read(userId);
      if (found?.kept.idToken !== idToken) return;
      const { payload, row, kept } = found;
      // Whoever refreshes it now brings another one.
      if ((row.lease?.until ?? 0) > clock.now()) return;
      const next = { ...rowOf(userId, { ...kept, isSpent: true }), isInUse: row.isInUse };
      await put(userId, payload, next, kept.refreshToken === null ? clock.now() : endOfRow(kept));
    },
    find: async (userId) => (await read(userId))?.kept,
    forget: (userId) => store.oauth.destroy(KIND, sha256Hex(userId)),
  };
}

/** ms since the epoch; of a token that was verified when it came. */
const endOf = (idToken: string): number => (decodeJwt(idToken).exp ?? 0) * 1000;
