// Challenges that passkeys sign. One says itself what it is for and until when, under an HMAC that binds it to one browser, so that nobody can fill the
// store by asking for them, every broker of the database knows those of the others, and two tabs do not take each other's. Only one that was answered
// rightly is noted, until it ends: no answer is good twice.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';

/** What an answer to the challenge does. One for another thing is no answer. */
export type ChallengePurpose = 'sign_in' | 'second_step' | 'register' | 'reauthenticate';

export interface Challenges {
  /** `browser`: a secret that this browser alone has. */
  issue(purpose: ChallengePurpose, browser: string): Uint8Array;
  /** `challenge`: base64url, as it was signed. */
  isGood(challenge: string, purpose: ChallengePurpose, browser: string): boolean;
  /** Uses it up. False for all but the first, also of those at the same time at several brokers. */
  use(challenge: string): Promise<boolean>;
}

/** How long a person may take: to find a key, to type a PIN, to take up their phone. */
export const CHALLENGE_LIFETIME_MS = 10 * 60_000;
const KIND = 'PasskeyChallenge';
const TIME_BYTES = 6;
const NONCE_BYTES = 16;
const MAC_BYTES = 32;

export function createChallenges({
  key,
  store,
  clock,
}: {
  /** The same at all brokers of the database. */
  key: string;
  store: { oauth: Pick<Store['oauth'], 'addOnce'> };
  clock: Pick<Clock, 'now'>;
}): Challenges {
  const own = createHmac('sha256', key).update('mcpgate passkey challenges').digest();
  const macOf = (head: Uint8Array, purpose: ChallengePurpose, browser: string): Buffer =>
    createHmac('sha256', own).update(head).update(`${purpose}\n${browser}`).digest();
  const endOf = (bytes: Buffer): number => bytes.readUIntBE(0, TIME_BYTES);
  return {
    issue(purpose, browser) {
      const head = Buffer.alloc(TIME_BYTES + NONCE_BYTES);
      head.writeUIntBE(clock.now() + CHALLENGE_LIFETIME_MS, 0, TIME_BYTES);
      randomBytes(NONCE_BYTES).copy(head, TIME_BYTES);
      return new Uint8Array(Buffer.concat([head, macOf(head, purpose, browser)]));
    },
    isGood(challenge, purpose, browser) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== TIME_BYTES + NONCE_BYTES + MAC_BYTES) return false;
      const head = bytes.subarray(0, TIME_BYTES + NONCE_BYTES);
      const isOurs = timingSafeEqual(bytes.subarray(head.length), macOf(head, purpose, browser));
      return isOurs && endOf(bytes) > clock.now();
    },
    use(challenge) {
      const bytes = Buffer.from(challenge, 'base64url');
      return store.oauth.addOnce({
        kind: KIND,
        idHash: sha256Hex(bytes.toString('base64url')),
        ...{ payload: '{}', grantId: null, userCode: null, uid: null, consumedAt: null },
        expiresAt: endOf(bytes),
      });
    },
  };
}
