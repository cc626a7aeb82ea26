// Tells listeners that the role or groups of a person have changed, so that the change holds for open sessions too, and not from the next login on.
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import type { ChangeListener } from '../identity.ts';

export interface Changes {
  listen(listener: ChangeListener): () => void;
  /** Reads these people and tells the listeners. To be called once the change is committed. */
  tell(userIds: readonly string[]): Promise<void>;
  /** Grows with every change. A person who was read before it grew must be read again. */
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
    count += 1; // an authentication that ran while this read the people may have read them as they were before
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
      // One after the other: listeners must not hear of an older state after a newer one.
      telling = telling.catch(() => undefined).then(() => tellNow(userIds));
      return telling;
    },
    get count() {
      return count;
    },
  };
}
