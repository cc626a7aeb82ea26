// Remembers the hashes of bearer tokens and cookies that were valid within the last hour: requests with one of them are served before those of strangers. It
// does not authenticate: every request's token is checked anew.
import { createHash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { createRecentMap } from '../../domain/bounds/recent-map.ts';
import type { Identity } from '../../identity/identity.ts';

export interface KnownTokens {
  /** `credential`: a bearer token, or the cookie of a browser session. */
  has(credential: string | undefined): boolean;
  /** Returns `identity` with its authentication watched: each answer is noted here. */
  watch<Part extends Pick<Identity, 'authenticate' | 'authenticateBrowser' | 'adminTokens'>>(identity: Part): Part;
}

const KEEP_MS = 3_600_000;
/** No token of the broker is longer. */
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
    has: (credential) =>
      credential !== undefined && credential.length <= MAX_CHARS && known.get(keyOf(credential)) === true,
    watch(identity) {
      const { adminTokens } = identity;
      return {
        ...identity,
        async authenticate(bearer, audience, address) {
          const answer = await identity.authenticate(bearer, audience, address);
          note(bearer, answer.kind === 'ok');
          return answer;
        },
        async authenticateBrowser(cookie, proof) {
          const answer = await identity.authenticateBrowser(cookie, proof);
          note(cookie, answer.kind === 'ok');
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
