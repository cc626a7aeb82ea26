// What a server listed last, over this connection and those before it: a new connection is asked again, and told is where a list is
// not what it was.
import { toGateError, type GateError } from 'mcpgate-shared/error';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, UpstreamSession } from '../upstream.ts';

export interface LastLists {
  get(kind: ListKind): readonly ListedItem[] | undefined;
  set(kind: ListKind, list: readonly ListedItem[]): void;
  /** Lists at once, so that lists need not wait, and tells of those that differ while `isCurrent`. */
  compare(session: Pick<UpstreamSession, 'list'>, isCurrent: () => boolean): Promise<void>;
  /** Reads those that are known again; the session itself tells of those that differ. */
  refresh(session: Pick<UpstreamSession, 'listAgain'>): Promise<void>;
}

export interface LastListsOptions {
  /** All kinds are listed, not only those that somebody has asked for. */
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
          // The connection stays: calls say themselves what is wrong.
          if (isCurrent() && kind === 'tools') options.onFailed(toGateError(cause));
        }
      }
    },
    async refresh(session) {
      const kinds = new Set<ListKind>(['tools', ...lists.keys()]);
      // Whoever asks next is told why one cannot be read.
      await Promise.allSettled([...kinds].map((kind) => session.listAgain(kind, NEVER)));
    },
  };
}

const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];
const NEVER = new AbortController().signal;
