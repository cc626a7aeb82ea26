// One-time links: the first administrator's set-up and the setting of one's own password. The store keeps the token's hash. The token
// travels in the query, so that the page works without JavaScript; the pages keep queries out of the log, send no referrer, use the
// link up at the first success, and links end by themselves. Opening a link does not use it up: mail scanners open links.
import type { Clock } from 'mcpgate-shared/clock';
import type { OneTimeLink, Store } from '../../store/store.ts';
import type { OneTimeUrl } from '../registers/registers.ts';
import { createSecret, isSecret, sha256Hex } from '../secret-token.ts';

const HOUR_MS = 3_600_000;
const KINDS = {
  setup: { path: '/setup', lifetimeMs: 24 * HOUR_MS },
  password: { path: '/link', lifetimeMs: 72 * HOUR_MS },
} as const;

export interface OneTimeLinks {
  /** A new link; the unused one before it, of the same kind and person, ends. */
  create(workspaceId: string, kind: OneTimeLink['kind'], userId: string | null): Promise<OneTimeUrl>;
  peek(kind: OneTimeLink['kind'], token: string): Promise<OneTimeLink | undefined>;
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
