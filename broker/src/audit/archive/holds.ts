// Who has not had all of the log yet: rows that a receiver still needs are not archived.
import { logDestination } from '../../domain/hook.ts';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { HeldBack } from './plan-cut.ts';

export interface Holds {
  /** How far the receiver that is farthest behind has had each chain, by its name; the others were had by all. */
  had(): Promise<ReadonlyMap<string, number>>;
  /** Why nothing at all may go now. */
  blocked(): string[];
}

export function createHolds({
  store,
  audit,
}: {
  store: Pick<Store, 'logFeeds' | 'hooks' | 'workspaces'>;
  audit: Pick<Audit, 'checkpoints'>;
}): Holds {
  /** Receivers that nobody sends to now: one that is forgotten so would keep the log for ever. */
  async function disabled(): Promise<ReadonlySet<string>> {
    const all = (await store.workspaces.list()).map(async ({ name }) =>
      (await store.hooks.list(name)).filter(({ enabled }) => !enabled).map((hook) => logDestination(name, hook.name)),
    );
    return new Set((await Promise.all(all)).flat());
  }

  return {
    async had() {
      const had = new Map<string, number>();
      const off = await disabled();
      for (const { destination } of await store.logFeeds.states()) {
        if (off.has(destination)) continue;
        for (const { chain, seq } of await store.logFeeds.behind(destination))
          had.set(chain, Math.min(seq, had.get(chain) ?? Infinity));
      }
      return had;
    },
    blocked: () =>
      audit.checkpoints.places.flatMap(({ name, problem }) =>
        problem === null ? [] : [`checkpoints of the log cannot be kept at ${name}`],
      ),
  };
}

/** `what` keeps rows from being archived. */
export const heldText = ({ why, chain, seq }: HeldBack): string =>
  why === 'call'
    ? `a call that has not ended yet (row ${seq} of chain ${chain})`
    : `a receiver of the log that has not had row ${seq} of chain ${chain}`;
