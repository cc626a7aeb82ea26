// Sign-ins that have begun here and are under way at the IdP. The store keeps the path at which each is to end; nonce and code verifier are derived
// from the browser's own secret.
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import { createBrowserAttempts, derivedSecret } from '../../store/browser-attempts.ts';
import { isOwnPath } from '../browser/own-path.ts';
import { createSecret } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';
import type { Attempt } from './idp-tokens.ts';

const KeptSchema = z.object({
  goTo: z.string(),
  again: z.object({ userId: z.string(), at: z.number() }).optional(),
  trial: z.object({ userId: z.string() }).optional(),
});
/** Who it is to be, and when it began. */
type Again = NonNullable<z.output<typeof KeptSchema>['again']>;
/** Which administrator tries out what a sign-in there would bring. */
type Trial = NonNullable<z.output<typeof KeptSchema>['trial']>;

export interface SignInAttempts {
  /** `again`: somebody who is signed in is to show anew who they are. `trial`: nobody is to be signed in. */
  begin(browserSecret: string, goTo: string, more?: { again?: Again; trial?: Trial }): Promise<Attempt>;
  /** Uses the attempt up; undefined where it is unknown, was used, has expired, or was begun in another browser. */
  finish(
    state: string,
    browserSecret: string,
  ): Promise<{ attempt: Attempt; goTo: string; again: Again | undefined; trial: Trial | undefined } | undefined>;
}

export function createSignInAttempts({ store, clock }: { store: Store; clock: Clock }): SignInAttempts {
  const attempts = createBrowserAttempts({ kind: 'IdpSignIn', store, clock });
  const attemptOf = (state: string, browserSecret: string): Attempt => ({
    state,
    nonce: derivedSecret('nonce', state, browserSecret),
    codeVerifier: derivedSecret('code_verifier', state, browserSecret),
  });
  return {
    async begin(browserSecret, goTo, more = {}) {
      const state = createSecret();
      await attempts.keep(state, browserSecret, JSON.stringify({ goTo: isOwnPath(goTo) ? goTo : '/', ...more }));
      return attemptOf(state, browserSecret);
    },
    async finish(state, browserSecret) {
      const payload = await attempts.take(state, browserSecret);
      if (payload === undefined) return undefined;
      const { goTo, again, trial } = KeptSchema.parse(JSON.parse(payload));
      return { attempt: attemptOf(state, browserSecret), goTo: isOwnPath(goTo) ? goTo : '/', again, trial };
    },
  };
}
