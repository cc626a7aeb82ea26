// Sign-ins that have begun here and are under way at the IdP. The store keeps the path at which each is to end; nonce and code verifier are derived
// from the browser's own secret.
import type { Clock } from 'mcpgate-shared/clock';
import { createBrowserAttempts, derivedSecret } from '../../store/browser-attempts.ts';
import { createSecret } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';
import type { Attempt } from './idp-tokens.ts';

export interface SignInAttempts {
  begin(browserSecret: string, goTo: string): Promise<Attempt>;
  /** Uses the attempt up; undefined where it is unknown, was used, has expired, or was begun in another browser. */
  finish(state: string, browserSecret: string): Promise<{ attempt: Attempt; goTo: string } | undefined>;
}

/** Whether this is a path of the broker: browsers take `//` and `/\` at the beginning for another host. */
const isOwnPath = (path: string): boolean => path.length <= 1024 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path);

export function createSignInAttempts({ store, clock }: { store: Store; clock: Clock }): SignInAttempts {
  const attempts = createBrowserAttempts({ kind: 'IdpSignIn', store, clock });
  const attemptOf = (state: string, browserSecret: string): Attempt => ({
    state,
    nonce: derivedSecret('nonce', state, browserSecret),
    codeVerifier: derivedSecret('code_verifier', state, browserSecret),
  });
  return {
    async begin(browserSecret, goTo) {
      const state = createSecret();
      await attempts.keep(state, browserSecret, JSON.stringify(isOwnPath(goTo) ? goTo : '/'));
      return attemptOf(state, browserSecret);
    },
    async finish(state, browserSecret) {
      const payload = await attempts.take(state, browserSecret);
      if (payload === undefined) return undefined;
      const goTo: unknown = JSON.parse(payload);
      return {
        attempt: attemptOf(state, browserSecret),
        goTo: typeof goTo === 'string' && isOwnPath(goTo) ? goTo : '/',
      };
    },
  };
}
