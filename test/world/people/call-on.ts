// Makes an AI client call a tool again and again.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { AiClient } from '../clients/ai-client.ts';

/** Between calls for which nobody waits. */
const PAUSE_MS = 40;

/**
 * Calls until it is told to stop; every answer must be the one that was asked for. While somebody waits for answers, and for the call after
 * them, which what the test does next therefore hits, it calls without a pause.
 */
export function callOn(client: AiClient, name: string) {
  let stopped = false;
  let count = 0;
  const watchers = new Set<() => void>();
  const over = (async () => {
    for (; !stopped; count += 1) {
      const text = `${name}-${count}`;
      const answer = await client.call('counting__echo', { text });
      assert.deepEqual([answer.isError, answer.text], [false, text]);
      const isAwaited = watchers.size > 0;
      for (const watcher of [...watchers]) watcher();
      if (!isAwaited && !stopped) await pause(PAUSE_MS);
    }
  })();
  return {
    /** Resolves when `more` calls have been answered from now on. */
    answered(more: number) {
      const target = count + more;
      const reached = new Promise<void>((resolve) => {
        const look = () => {
          if (count < target) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
      });
      return Promise.race([reached, over]);
    },
    async stop() {
      stopped = true;
      await over;
      return count;
    },
  };
}
