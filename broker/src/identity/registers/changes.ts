// Tells everybody who keeps what a person may that it has changed: it holds for what is connected, not from the next login on.
import type { UserRecord } from '../../domain/people.ts';
import type { Store } from '../../store/store.ts';
import type { ChangeListener } from '../identity.ts';

export interface Changes {
  listen(listener: ChangeListener): () => void;
  /** Called once the change is committed. */
  tell(userIds: readonly string[]): Promise<void>;
  /** Grows with every change: what was read before one must be read again. */
  readonly count: number;
}

export function createChanges(store: { users: Pick<Store['users'], 'byId'> }): Changes {
  const listeners = new Set<ChangeListener>();
  let count = 0;
  let telling: Promise<void> = Promise.resolve();

  async function tellNow(userIds: readonly string[]): Promise<void> {
    const found: UserRecord[] = [];
    for (const id of userIds) {
      const user = await store.users.byId(id);
      if (user !== undefined) found.push(user);
    }
    count += 1; // whoever read while the people were read may have read them as they were
    for (const { workspaceId, id, name, role, groups } of found) {
      for (const listener of listeners) listener({ workspaceId, id, name, role, groups });
    }
  }

  return {
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell(userIds) {
      count += 1;
      // In order: what was read before must not be told after what was read later.
      telling = telling.catch(() => undefined).then(() => tellNow(userIds));
      return telling;
    },
    get count() {
      return count;
    },
  };
}
