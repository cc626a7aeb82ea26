// Makes an AI client call a tool again and again.
import assert from 'node:assert/strict';
import type { AiClient } from '../clients/ai-client.ts';

/** Calls without a pause until it is told to stop; every answer must be the one that was asked for. */
export function callOn(client: AiClient, name: string) {
  let stopped = false;
  let count = 0;
  const watchers = new Set<() => void>();
  const over = (async () => {
    for (; !stopped; count += 1) {
      const text = `${name}-${count}`;
      const answer = await client.call('counting__echo', { text });
      assert.deepEqual([answer.isError, answer.text], [false, text]);
      for (const watcher of [...watchers]) watcher();
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
