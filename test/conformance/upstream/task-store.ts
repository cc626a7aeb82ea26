// Tasks of the extension `io.modelcontextprotocol/tasks` (SEP-2663), as the suites expect them: created by the server, asked about, fed with
// input, cancelled.
import { randomUUID } from 'node:crypto';
import {
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequests,
} from '@modelcontextprotocol/server';

export type TaskOutcome =
  | { status: 'completed'; result: CallToolResult }
  | { status: 'failed'; error: { code: number; message: string } }
  | { status: 'cancelled' };

/** What a task does: it ends by itself, or when every input that it asks for has come. */
export interface Job {
  /** Starts the work; `end` may be called once. Returns what stops it. */
  start?(end: (outcome: TaskOutcome) => void): () => void;
  /** Asked for before it can end. */
  inputRequests?: InputRequests;
  /** How it ends when all of them are answered. */
  answered?: TaskOutcome;
}

export interface TaskStore {
  /** The fields of a task that has just been created. */
  create(job: Job): Record<string, unknown>;
  /** Its fields now, with its outcome or what it waits for. */
  get(taskId: string): Record<string, unknown>;
  update(taskId: string, inputResponses: Record<string, unknown>): void;
  cancel(taskId: string): void;
  close(): void;
}

const TTL_MS = 60_000;
const POLL_INTERVAL_MS = 100;

interface Task {
  readonly taskId: string;
  readonly createdAt: string;
  readonly job: Job;
  readonly waitsFor: Map<string, unknown>;
  lastUpdatedAt: string;
  outcome: TaskOutcome | undefined;
  stop: () => void;
}

export function createTaskStore(): TaskStore {
  const tasks = new Map<string, Task>();

  function find(taskId: string): Task {
    const task = tasks.get(taskId);
    if (task === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown task: ${taskId}`);
    return task;
  }

  function end(task: Task, outcome: TaskOutcome) {
    if (task.outcome !== undefined) return;
    task.stop();
    task.outcome = outcome;
    task.lastUpdatedAt = new Date().toISOString();
  }

  const fields = ({ taskId, createdAt, lastUpdatedAt, waitsFor, outcome }: Task) => ({
    taskId,
    status: outcome?.status ?? (waitsFor.size > 0 ? 'input_required' : 'working'),
    createdAt,
    lastUpdatedAt,
    ttlMs: TTL_MS,
    pollIntervalMs: POLL_INTERVAL_MS,
  });

  return {
    create(job) {
      const now = new Date().toISOString();
      const waitsFor = new Map(Object.entries(job.inputRequests ?? {}));
      const about = { taskId: randomUUID(), createdAt: now, lastUpdatedAt: now };
      const task: Task = { ...about, job, waitsFor, outcome: undefined, stop: () => undefined };
      tasks.set(task.taskId, task);
      const created = fields(task);
      task.stop = job.start?.((outcome) => end(task, outcome)) ?? task.stop;
      return created;
    },
    get(taskId) {
      const task = find(taskId);
      const waiting = task.outcome === undefined && task.waitsFor.size > 0;
      return { ...fields(task), ...task.outcome, ...(waiting && { inputRequests: Object.fromEntries(task.waitsFor) }) };
    },
    update(taskId, inputResponses) {
      const task = find(taskId);
      for (const key of Object.keys(inputResponses)) task.waitsFor.delete(key);
      if (task.waitsFor.size === 0 && task.job.answered !== undefined) end(task, task.job.answered);
    },
    cancel: (taskId) => end(find(taskId), { status: 'cancelled' }),
    close() {
      for (const task of tasks.values()) task.stop();
    },
  };
}
