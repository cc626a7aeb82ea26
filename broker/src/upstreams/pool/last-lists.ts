// The lists that a server gave last, on this connection or one before it. A new connection is asked for them again, and the slot is told which
// of them differ.
import { toGateError, type GateError } from 'mcpgate-shared/error';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, UpstreamSession } from '../upstream.ts';

export interface LastLists {
  get(kind: ListKind): readonly ListedItem[] | undefined;
  set(kind: ListKind, list: readonly ListedItem[]): void;
  /** Reads the lists from a new connection, so that callers need not wait for them later, and reports the ones that differ while `isCurrent`. */
  compare(session: Pick<UpstreamSession, 'list'>, isCurrent: () => boolean): Promise<void>;
  /** Reads the known lists and the tools again; the session itself reports the ones that differ. */
  refresh(session: Pick<UpstreamSession, 'listAgain'>): Promise<void>;
}

export interface LastListsOptions {
  /** All kinds of lists are read, not only those that were asked for before. */
  isEager: boolean;
  onListChanged: (kind: ListKind) => void;
  /** The tools of the current connection could not be listed. */
  onFailed: (error: GateError) => void;
}

export function createLastLists(options: LastListsOptions): LastLists {
  const lists = new Map<ListKind, readonly ListedItem[]>();
  return {
    get: (kind) => lists.get(kind),
    set: (kind, list) => void lists.set(kind, list),
    async compare(session, isCurrent) {
      const kinds = new Set<ListKind>(lists.keys());
      if (options.isEager) for (const kind of LIST_KINDS) kinds.add(kind);
      for (const kind of kinds) {
        try {
          const list = await session.list(kind, NEVER);
          const last = lists.get(kind);
          lists.set(kind, list);
          const isSame = last?.length === list.length && last.every((item, index) => item.text === list[index]?.text);
          const isNews = last !== undefined || list.length > 0 || kind === 'tools';
          if (!isSame && isNews && isCurrent()) options.onListChanged(kind);
        } catch (cause) {
          // The connection stays; calls report themselves what is wrong with it.
          if (isCurrent() && kind === 'tools') options.onFailed(toGateError(cause));
        }
      }
    },
    async refresh(session) {
      const kinds = new Set<ListKind>(['tools', ...lists.keys()]);
      // The next caller of `list` gets the error of a list that cannot be read.
      await Promise.allSettled([...kinds].map((kind) => session.listAgain(kind, NEVER)));
    },
  };
}

const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];
const NEVER = new AbortController().signal;
