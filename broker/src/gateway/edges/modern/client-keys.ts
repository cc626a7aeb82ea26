// Gives clients without a session (2026-07-28 over HTTP) a key, under which connections for one client alone (isolation `per-session`) are kept.
// The key is made of the login, the door, and the client's name, version and capabilities. Two processes of one program with the same login
// share a key: they act for the same person with the same rights, and nothing in their requests could tell them apart. Capabilities are part of
// the key because a server up to 2025-11-25 learns them only once per connection.
import { hash, randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { Principal } from '../../../domain/people/principal.ts';

export interface ClientKeys {
  /**
   * Returns the client's key, which is kept for some time from now. `owner`: the session, or the login and the door. `client`: its name,
   * version and capabilities.
   */
  use(owner: string, principal: Principal, client: string): string;
  principals(isMeant: (owner: string) => boolean): Principal[];
  /** Ends the keys for which `isMeant` returns true. Resolves with their number when their requests are over. */
  end(isMeant: (owner: string, principal: Principal) => boolean, reason: string): Promise<number>;
}

const IDLE_MS = 30 * 60_000;
const MAX_EACH = 32;

interface Entry {
  readonly key: string;
  readonly id: string;
  readonly owner: string;
  readonly principal: Principal;
  lastUsedAt: number;
  cancelTimer: () => void;
}

export function createClientKeys(options: {
  clock: Clock;
  isBusy: (key: string) => boolean;
  /** Ends the parked calls and connections under the key. */
  release: (key: string, reason: string) => Promise<void>;
  onError: (error: unknown) => void;
}): ClientKeys {
  const { clock } = options;
  const entries = new Map<string, Entry>();

  function drop(entry: Entry, reason: string): Promise<void> {
    entries.delete(entry.id);
    entry.cancelTimer();
    return options.release(entry.key, reason);
  }

  function watch(entry: Entry, delayMs: number): void {
    entry.cancelTimer = clock.after(delayMs, () => {
      const idleMs = clock.now() - entry.lastUsedAt;
      if (idleMs < IDLE_MS || options.isBusy(entry.key)) return watch(entry, Math.max(IDLE_MS - idleMs, IDLE_MS / 10));
      drop(entry, 'the client was not heard of for a while').catch(options.onError);
    });
  }

  function makeRoom(owner: string): void {
    const own = [...entries.values()].filter((entry) => entry.owner === owner);
    if (own.length < MAX_EACH) return;
    const oldest =
      own.toSorted((a, b) => a.lastUsedAt - b.lastUsedAt).find(({ key }) => !options.isBusy(key)) ?? own[0];
    if (oldest !== undefined) drop(oldest, 'the login has too many clients').catch(options.onError);
  }

  return {
    use(owner, principal, client) {
      // Hashed, because a client's name and capabilities can be long.
      const id = hash('sha256', JSON.stringify([owner, client]), 'base64url');
      const known = entries.get(id);
      if (known !== undefined) {
        known.lastUsedAt = clock.now();
        return known.key;
      }
      makeRoom(owner);
      const entry: Entry = {
        key: randomUUID(),
        id,
        owner,
        principal,
        lastUsedAt: clock.now(),
        cancelTimer: () => undefined,
      };
      entries.set(id, entry);
      watch(entry, IDLE_MS);
      return entry.key;
    },
    principals: (isMeant) =>
      [...entries.values()].filter(({ owner }) => isMeant(owner)).map(({ principal }) => principal),
    async end(isMeant, reason) {
      const meant = [...entries.values()].filter(({ owner, principal }) => isMeant(owner, principal));
      await Promise.all(meant.map((entry) => drop(entry, reason)));
      return meant.length;
    },
  };
}
