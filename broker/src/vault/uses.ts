// When each version of a secret was last used. Calls come by the hundred a second, so what they use is noted in memory, and written down together.
import type { Clock } from 'mcpgate-shared/clock';
import { readCarriedVersion } from '../domain/call-record.ts';
import type { SecretUse } from '../store/secret-version.ts';
import type { Store } from '../store/store.ts';

/** What a broker that is killed has not written down yet. */
const WRITE_AFTER_MS = 10_000;

export interface Uses {
  /** `versions`: as `name@version`. A promise where this is the first use since the last writing: of the next one, which it rejects with. */
  note(workspaceId: string, versions: readonly string[]): Promise<void> | undefined;
  /** Now. */
  write(): Promise<void>;
}

export function createUses({ store, clock }: { store: Pick<Store, 'secrets'>; clock: Clock }): Uses {
  const noted = new Map<string, SecretUse>();
  let cancel: (() => void) | undefined;

  async function write(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const uses = [...noted.values()];
    noted.clear();
    if (uses.length === 0) return;
    try {
      await store.secrets.touch(uses);
    } catch (error) {
      for (const use of uses) {
        const key = keyOf(use);
        if (!noted.has(key)) noted.set(key, use);
      }
      throw error;
    }
  }

  return {
    note(workspaceId, versions) {
      const at = clock.now();
      for (const each of versions) {
        const use = { workspaceId, ...readCarriedVersion(each), at };
        noted.set(keyOf(use), use);
      }
      if (cancel !== undefined || noted.size === 0) return undefined;
      return new Promise((resolve, reject) => {
        const stop = clock.after(WRITE_AFTER_MS, () => void write().then(resolve, reject));
        cancel = () => {
          stop();
          resolve();
        };
      });
    },
    write,
  };
}

function keyOf({ workspaceId, name, version }: SecretUse): string {
  return `${workspaceId}/${name}@${version}`;
}
