// Logins that have begun here and are under way at somebody else's page. Each belongs to the browser that began it, expires, and can be used once.
// What the other side gets to hold of it (a nonce, a code verifier) is derived from the browser's own secret and is not stored.
import { createHmac } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { sha256Hex } from './secret-token.ts';
import type { Store } from './store.ts';

const LIFETIME_MS = 15 * 60_000;

export interface BrowserAttempts {
  /** `payload`: JSON text. */
  keep(state: string, browserSecret: string, payload: string): Promise<void>;
  /** The payload, and uses the attempt up; undefined where it is unknown, was used, has expired, or was begun in another browser. */
  take(state: string, browserSecret: string): Promise<string | undefined>;
}

export function createBrowserAttempts({
  kind,
  store,
  clock,
}: {
  /** Of the row in the store. */
  kind: string;
  store: { oauth: Pick<Store['oauth'], 'upsert' | 'find' | 'consume'> };
  clock: Pick<Clock, 'now'>;
}): BrowserAttempts {
  const browserOf = (state: string, browserSecret: string): string => sha256Hex(`${state}:${browserSecret}`);
  return {
    async keep(state, browserSecret, payload) {
      await store.oauth.upsert({
        kind,
        idHash: sha256Hex(state),
        payload,
        grantId: null,
        userCode: null,
        uid: browserOf(state, browserSecret),
        consumedAt: null,
        expiresAt: clock.now() + LIFETIME_MS,
      });
    },
    async take(state, browserSecret) {
      const idHash = sha256Hex(state);
      const row = await store.oauth.find(kind, idHash);
      // An answer that arrives in another browser must not use the attempt up.
      if (row === undefined || row.uid !== browserOf(state, browserSecret)) return undefined;
      if ((row.expiresAt ?? 0) <= clock.now()) return undefined;
      return (await store.oauth.consume(kind, idHash, clock.now())) ? row.payload : undefined;
    },
  };
}

/** `what` of the attempt: the same each time, and nobody knows it without the browser's secret. */
export const derivedSecret = (what: 'nonce' | 'code_verifier', state: string, browserSecret: string): string =>
  createHmac('sha256', browserSecret).update(`${what}:${state}`).digest('base64url');
