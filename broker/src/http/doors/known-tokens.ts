// Bearer tokens that were good lately, as hashes: who comes with one goes before strangers. It says nothing about what a token is good for
// now; every request is authenticated anew.
import { createHash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { createRecentMap } from '../../domain/recent-map.ts';
import type { Identity } from '../../identity/identity.ts';

export interface KnownTokens {
  has(bearer: string | undefined): boolean;
  /** `identity`, whose answers are noted. */
  watch<Part extends Pick<Identity, 'authenticate' | 'adminTokens'>>(identity: Part): Part;
}

const KEEP_MS = 3_600_000;
/** Longer ones are none of ours. */
const MAX_CHARS = 512;

export function createKnownTokens(clock: Pick<Clock, 'now'>): KnownTokens {
  const known = createRecentMap<true>({ clock, keepMs: KEEP_MS });
  const keyOf = (bearer: string) => createHash('sha256').update(bearer).digest('base64url');

  function note(bearer: string | undefined, isGood: boolean): void {
    if (bearer === undefined || bearer.length > MAX_CHARS) return;
    const key = keyOf(bearer);
    if (isGood === (known.get(key) === true)) return;
    if (isGood) known.set(key, true);
    else known.delete(key);
  }

  return {
    has: (bearer) => bearer !== undefined && bearer.length <= MAX_CHARS && known.get(keyOf(bearer)) === true,
    watch(identity) {
      const { adminTokens } = identity;
      return {
        ...identity,
        async authenticate(bearer, audience, address) {
          const answer = await identity.authenticate(bearer, audience, address);
          note(bearer, answer.kind === 'ok');
          return answer;
        },
        adminTokens: {
          ...adminTokens,
          async authenticate(bearer) {
            const answer = await adminTokens.authenticate(bearer);
            note(bearer, answer.kind === 'ok');
            return answer;
          },
        },
      };
    },
  };
}
