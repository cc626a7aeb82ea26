// What a server may still send about a request that has ended: the answer to one that was cancelled, and the progress of a task that the
// request has made.
import type { PeerRequest } from './pending-requests.ts';

/** Cancelled requests that the server may answer all the same, so that the record of a call can say that the server ignored its cancellation. */
export interface LateAnswers {
  expect(id: number, onAnswer: () => void): void;
  /** Takes an answer that no request waits for. */
  take(id: unknown): void;
}

/** Past so many, the oldest are forgotten, and their late answers are dropped. */
const MAX_LATE = 256;

export function createLateAnswers(): LateAnswers {
  const expected = new Map<number, () => void>();
  return {
    expect(id, onAnswer) {
      expected.set(id, onAnswer);
      const oldest = expected.keys().next();
      if (expected.size > MAX_LATE && oldest.done !== true) expected.delete(oldest.value);
    },
    take(id) {
      if (typeof id !== 'number') return;
      const onAnswer = expected.get(id);
      expected.delete(id);
      onAnswer?.();
    },
  };
}

type OnProgress = (paramsText: string) => void;

/**
 * Who hears of the progress of a task. The progress token of the request that made the task stays valid for as long as the task lasts, which is
 * longer than the request (2025-11-25, "Task Progress").
 */
export interface TaskProgress {
  keep(token: number, request: PeerRequest): void;
  of(token: number): OnProgress | undefined;
}

/** Past so many, the oldest are forgotten; their clients ask for the state of the task, as they do without progress. */
const MAX_TASKS = 256;
/** A longer request is not kept in memory for the progress of its task. */
const MAX_CHARS = 64 * 1024;

export function createTaskProgress(): TaskProgress {
  const kept = new Map<number, OnProgress>();
  return {
    keep(token, { onProgress, paramsText, pieces }) {
      if (onProgress === undefined || pieces !== undefined || paramsText.length > MAX_CHARS) return;
      kept.set(token, onProgress);
      const oldest = kept.keys().next();
      if (kept.size > MAX_TASKS && oldest.done !== true) kept.delete(oldest.value);
    },
    of: (token) => kept.get(token),
  };
}
