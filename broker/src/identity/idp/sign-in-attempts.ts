// Sign-ins that have begun here and are under way at the IdP. Each belongs to the browser that began it, expires, and can be finished once. The store
// keeps the path at which it is to end; nonce and code verifier are derived from the browser's own secret and are not stored.
import { createHmac } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';
import { createSecret, sha256Hex } from '../../store/secret-token.ts';
import type { Attempt } from './idp-tokens.ts';

const KIND = 'IdpSignIn';
const LIFETIME_MS = 15 * 60_000;

export interface SignInAttempts {
  begin(browserSecret: string, goTo: string): Promise<Attempt>;
  /** Uses the attempt up; undefined where it is unknown, was used, has expired, or was begun in another browser. */
  finish(state: string, browserSecret: string): Promise<{ attempt: Attempt; goTo: string } | undefined>;
}

/** Whether this is a path of the broker: browsers take `//` and `/\` at the beginning for another host. */
const isOwnPath = (path: string): boolean => path.length <= 1024 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path);

export function createSignInAttempts({ store, clock }: { store: Store; clock: Clock }): SignInAttempts {
  const attemptOf = (state: string, browserSecret: string): Attempt => {
    const derive = (what: string) => createHmac('sha256', browserSecret).update(`${what}:${state}`).digest('base64url');
    return { state, nonce: derive('nonce'), codeVerifier: derive('code_verifier') };
  };
  return {
    async begin(browserSecret, goTo) {
      const state = createSecret();
      await store.oauth.upsert({
        kind: KIND,
        idHash: sha256Hex(state),
        payload: JSON.stringify(isOwnPath(goTo) ? goTo : '/'),
        grantId: null,
        userCode: null,
        uid: sha256Hex(`${state}:${browserSecret}`),
        consumedAt: null,
        expiresAt: clock.now() + LIFETIME_MS,
      });
      return attemptOf(state, browserSecret);
    },
    async finish(state, browserSecret) {
      const idHash = sha256Hex(state);
      const row = await store.oauth.find(KIND, idHash);
      // An answer that arrives in another browser must not use the attempt up.
      if (row === undefined || row.uid !== sha256Hex(`${state}:${browserSecret}`)) return undefined;
      if ((row.expiresAt ?? 0) <= clock.now()) return undefined;
      if (!(await store.oauth.consume(KIND, idHash, clock.now()))) return undefined;
      const goTo: unknown = JSON.parse(row.payload);
      return {
        attempt: attemptOf(state, browserSecret),
        goTo: typeof goTo === 'string' && isOwnPath(goTo) ? goTo : '/',
      };
    },
  };
}
