// The login of a link: its principal, and the timer that ends the link when the access token ends without having been renewed.
import type { Clock } from 'mcpgate-shared/clock';
import { type Principal, withRenamedServers } from '../../domain/people/principal.ts';

/** How long after the token's end a renewed one may still arrive. */
const TOKEN_GRACE_MS = 5_000;
const TIMER_MAX_MS = 0x7fff_ffff;

export interface LinkLogin {
  readonly principal: Principal;
  /** The daemon has sent a newer token of the same login. */
  renew(principal: Principal): void;
  /** The person's role or groups have changed. */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** The login is bound to the same servers as before. `names`: their new names by their old ones. */
  serversRenamed(names: ReadonlyMap<string, string>): void;
  end(): void;
}

export function createLinkLogin(first: Principal, clock: Clock, onExpired: () => void): LinkLogin {
  let principal = first;
  let cancelExpiry: (() => void) | undefined;

  const watchExpiry = () => {
    cancelExpiry?.();
    const { expiresAt } = principal;
    if (expiresAt === undefined) return;
    const delayMs = Math.min(Math.max(0, expiresAt + TOKEN_GRACE_MS - clock.now()), TIMER_MAX_MS);
    cancelExpiry = clock.after(delayMs, onExpired);
  };
  watchExpiry();

  return {
    get principal() {
      return principal;
    },
    renew(renewed) {
      principal = renewed;
      watchExpiry();
    },
    personChanged(person) {
      if (principal.user?.id === person.id) principal = { ...principal, user: person };
    },
    serversRenamed(names) {
      principal = withRenamedServers(principal, names);
    },
    end: () => cancelExpiry?.(),
  };
}
