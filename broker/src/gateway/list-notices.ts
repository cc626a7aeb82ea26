// Tells a client that its lists may differ, once it has asked for them; changes that come together are told together.
import type { Clock } from 'mcpgate-shared/clock';
import type { ListKind } from '../upstreams/upstream.ts';

export interface ListNotices {
  /** The client has asked for this list: from now on it is told. */
  listed(kind: ListKind): void;
  changed(kind: ListKind | 'all'): void;
  close(): void;
}

const DELAY_MS = 20;
const TOPIC: Readonly<Record<ListKind, string>> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  templates: 'resources',
};

/** `paramsText`: the params of what is sent. */
export function createListNotices(clock: Clock, send: (text: string) => void, paramsText?: string): ListNotices {
  const listed = new Set<string>();
  const waiting = new Set<string>();
  const params = paramsText === undefined ? '' : `,"params":${paramsText}`;
  let cancel: (() => void) | undefined;

  return {
    listed: (kind) => void listed.add(TOPIC[kind]),
    changed(kind) {
      for (const topic of kind === 'all' ? listed : [TOPIC[kind]]) if (listed.has(topic)) waiting.add(topic);
      if (waiting.size === 0 || cancel !== undefined) return;
      cancel = clock.after(DELAY_MS, () => {
        cancel = undefined;
        for (const topic of waiting) send(`{"jsonrpc":"2.0","method":"notifications/${topic}/list_changed"${params}}`);
        waiting.clear();
      });
    },
    close: () => cancel?.(),
  };
}
