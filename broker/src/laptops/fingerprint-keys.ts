// Keys for fingerprints: each for one login and some minutes. A fingerprint that was seen or kept is good for nothing later, and what one laptop
// tells cannot be compared with what another one tells.
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Principal } from '../domain/people/principal.ts';

const WINDOW_MS = 10 * 60_000;

export interface FingerprintKeys {
  current(principal: Principal): { id: string; key: Uint8Array };
  /** Throws `gone` where it is too old, or another broker's. */
  byId(principal: Principal, id: string): Uint8Array;
}

export function createFingerprintKeys(clock: Pick<Clock, 'now'>): FingerprintKeys {
  const root = randomBytes(32);
  const own = randomBytes(6).toString('hex');
  const window = (): number => Math.floor(clock.now() / WINDOW_MS);
  const keyOf = ({ workspaceId, credential: { kind, id } }: Principal, at: number): Uint8Array =>
    createHmac('sha256', root)
      .update(JSON.stringify([workspaceId, kind, id, at]))
      .digest();
  return {
    current: (principal) => ({ id: `${own}.${window()}`, key: keyOf(principal, window()) }),
    byId(principal, id) {
      const at = [window(), window() - 1].find((each) => id === `${own}.${each}`);
      if (at === undefined) throw new GateError('gone', 'the key of these fingerprints has ended; ask for another one');
      return keyOf(principal, at);
    },
  };
}
