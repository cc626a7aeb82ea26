// One-time links: for the set-up of the first administrator, and for a person to set a password. The store keeps the hash of the link's token.
// The token stands in the URL's query, so that the page works without JavaScript; therefore queries stay out of the log, the pages send no
// referrer, the link is used up at the first success, and it expires. Opening a link does not use it up, because mail scanners open links.
import type { Clock } from 'mcpgate-shared/clock';
import type { OneTimeLink } from '../../store/repositories/links/links.ts';
import type { Store } from '../../store/store.ts';
import type { OneTimeUrl } from '../registers/registers.ts';
import { createSecret, isSecret, sha256Hex } from '../../store/secret-token.ts';

const HOUR_MS = 3_600_000;
const KINDS = {
  setup: { path: '/setup', lifetimeMs: 24 * HOUR_MS },
  password: { path: '/link', lifetimeMs: 72 * HOUR_MS },
} as const;

export interface OneTimeLinks {
  /** Makes a link. An unused earlier one of the same kind and person ends. `userId`: null for the set-up of the first administrator. */
  create(workspaceId: string, kind: OneTimeLink['kind'], userId: string | null): Promise<OneTimeUrl>;
  /** The link, which stays usable; undefined where it is unknown, used up or expired. */
  peek(kind: OneTimeLink['kind'], token: string): Promise<OneTimeLink | undefined>;
  /** Uses the link up; undefined as in `peek`. Of two who do this at once, one gets it. */
  consume(kind: OneTimeLink['kind'], token: string): Promise<OneTimeLink | undefined>;
}

export function createOneTimeLinks({
  store,
  clock,
  issuer,
}: {
  store: Store;
  clock: Clock;
  issuer: string;
}): OneTimeLinks {
  const ofKind = (link: OneTimeLink | undefined, kind: OneTimeLink['kind']) => (link?.kind === kind ? link : undefined);
  return {
    async create(workspaceId, kind, userId) {
      const { path, lifetimeMs } = KINDS[kind];
      const token = createSecret();
      const expiresAt = clock.now() + lifetimeMs;
      await store.links.expire(workspaceId, kind, userId);
      await store.links.create({ tokenHash: sha256Hex(token), workspaceId, kind, userId, expiresAt });
      return { url: `${issuer}${path}?token=${token}`, expiresAt };
    },
    async peek(kind, token) {
      if (!isSecret(token)) return undefined;
      return ofKind(await store.links.peek(sha256Hex(token), clock.now()), kind);
    },
    async consume(kind, token) {
      if (!isSecret(token)) return undefined;
      // A link of another kind must not be used up by the wrong page.
      if ((await store.links.peek(sha256Hex(token), clock.now()))?.kind !== kind) return undefined;
      return ofKind(await store.links.consume(sha256Hex(token), clock.now()), kind);
    },
  };
}
