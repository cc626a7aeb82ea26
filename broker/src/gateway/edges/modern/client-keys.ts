// Under which key the connections are kept that belong to one client alone (isolation `per-session`), where no session says which client
// it is: the login, the door and what the client says of itself. Two processes of one program that share a login share the key: they are
// the same person with the same rights, and nothing else in their requests could tell them apart. What a client can do is part of it,
// because a server up to 2025-11-25 is told so once for each connection.
import { hash, randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { Principal } from '../../../domain/principal.ts';

export interface ClientKeys {
  /** `owner`: the session, or the login and the door. `client`: what it says of itself. */
  use(owner: string, principal: Principal, client: string): string;
  principals(isMeant: (owner: string) => boolean): Principal[];
  /** Ends the keys for which `isMeant`. Resolves when what they had under way is over; how many there were. */
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
  /** Lets go of what is kept under the key. */
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
      // What a client says of itself is as long as it likes.
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
