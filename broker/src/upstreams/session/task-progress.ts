// Who hears of the progress of a task: the token of the request that made it stays good for as long as the task lasts, which is longer than
// the request (2025-11-25, "Task Progress").
import type { PeerRequest } from './peer-request.ts';

type OnProgress = (paramsText: string) => void;

export interface TaskProgress {
  keep(token: number, request: PeerRequest): void;
  of(token: number): OnProgress | undefined;
}

/** Of more the oldest are forgotten: their clients ask after the task, as they would without progress. */
const MAX_KEPT = 256;
/** A request that was long is not held in memory for its progress. */
const MAX_CHARS = 64 * 1024;

export function createTaskProgress(): TaskProgress {
  const kept = new Map<number, OnProgress>();
  return {
    keep(token, { onProgress, paramsText, pieces }) {
      if (onProgress === undefined || pieces !== undefined || paramsText.length > MAX_CHARS) return;
      kept.set(token, onProgress);
      const oldest = kept.keys().next();
      if (kept.size > MAX_KEPT && oldest.done !== true) kept.delete(oldest.value);
    },
    of: (token) => kept.get(token),
  };
}
