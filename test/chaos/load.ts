// What the AI clients do all the while: quick calls one after the other, slow ones with progress, answers larger than the window.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosClient } from './chaos-client.ts';
import type { Random } from './random.ts';
import type { CallArguments, Tool } from './tools.ts';

/** Larger than the channel's window of 1 MiB. */
const LARGE_MAX_BYTES = 1_400_000;
const LARGE_MIN_BYTES = 50_000;
const SLOW_MAX_MS = 1_200;
const SLOW_MIN_MS = 100;
/** Most slow calls are short ones. */
const SKEW = 3;

const WORKERS: readonly { tool: Tool; pauseMs: readonly [number, number] }[] = [
  { tool: 'quick', pauseMs: [0, 20] },
  { tool: 'quick', pauseMs: [0, 20] },
  { tool: 'quick', pauseMs: [5, 40] },
  { tool: 'slow', pauseMs: [0, 100] },
  { tool: 'large', pauseMs: [200, 600] },
];

function argumentsFor(tool: Tool, token: string, random: Random): CallArguments {
  if (tool === 'slow')
    return { tool, token, ms: Math.round(SLOW_MIN_MS + random.next() ** SKEW * (SLOW_MAX_MS - SLOW_MIN_MS)) };
  if (tool === 'large') return { tool, token, bytes: random.whole(LARGE_MIN_BYTES, LARGE_MAX_BYTES) };
  return { tool, token };
}

/** Calls until `ended`; resolves when each of its calls is answered. */
export async function runLoad(client: ChaosClient, name: string, random: Random, ended: () => boolean): Promise<void> {
  await Promise.all(
    WORKERS.map(async ({ tool, pauseMs }, worker) => {
      for (let n = 1; !ended(); n += 1) {
        await client.call(argumentsFor(tool, `${name}-${worker}-${n}`, random));
        await sleep(random.whole(...pauseMs));
      }
    }),
  );
}
