// Tells a client that a list which it has read may have changed. Changes within a short time are told once.
import type { Clock } from 'mcpgate-shared/clock';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { Notice } from '../request.ts';

/** What clients are told changes of: the lists of MCP, and event types. */
export type ToldList = ListKind | 'events';

export interface ListNotices {
  /** The client has read this list: from now on it is told of changes. */
  listed(kind: ToldList): void;
  changed(kind: ToldList | 'all'): void;
  close(): void;
}

const DELAY_MS = 20;
const TOPIC: Readonly<Record<ToldList, string>> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  templates: 'resources',
  events: 'events',
};

/** `paramsText`: the params of the notifications, as JSON text. */
export function createListNotices(clock: Clock, tell: (notice: Notice) => void, paramsText?: string): ListNotices {
  const listed = new Set<string>();
  const waiting = new Set<string>();
  let cancel: (() => void) | undefined;

  return {
    listed: (kind) => void listed.add(TOPIC[kind]),
    changed(kind) {
      for (const topic of kind === 'all' ? listed : [TOPIC[kind]]) if (listed.has(topic)) waiting.add(topic);
      if (waiting.size === 0 || cancel !== undefined) return;
      cancel = clock.after(DELAY_MS, () => {
        cancel = undefined;
        for (const topic of waiting) tell({ method: `notifications/${topic}/list_changed`, paramsText });
        waiting.clear();
      });
    },
    close: () => cancel?.(),
  };
}
