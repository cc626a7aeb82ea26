// Has the log searched in a few threads, so that no search stalls calls, and none that is slow or stuck costs more than its own answer and a thread for a while.
import { Worker } from 'node:worker_threads';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { HostError } from '../../domain/public-message.ts';
import type { LogSource } from '../../store/audit/log-connection.ts';
import type { LogQuestions, LogSearch } from './log-search.ts';
import type { SearchAnswer, SearchQuestion } from './search-messages.ts';

/** Each has a processor to itself for as long as a search takes. */
const MOST_THREADS = 2;
/** So many wait for a thread; those that come then are refused. */
const MOST_WAITING = 50;
/** From when it is asked. A part of a search takes a fraction of a second. */
const LONGEST_MS = 30_000;
/** A thread that nobody asks ends after so long. */
const IDLE_MS = 60_000;

const FILE = import.meta.url.endsWith('.ts') ? './search-worker.ts' : './audit-search-worker.js';

interface Job {
  question: SearchQuestion;
  resolve: (answer: unknown) => void;
  reject: (error: GateError) => void;
  cancelTimeout: () => void;
}

interface Thread {
  worker: Worker;
  job: Job | undefined;
  /** It ends: what it says is not heard any more. */
  isLeaving: boolean;
  cancelIdle: () => void;
}

/** `file`: for tests, another thread. */
export function createSearchThreads(
  source: LogSource,
  clock: Pick<Clock, 'after'>,
  file: URL = new URL(FILE, import.meta.url),
): LogSearch {
  const threads = new Set<Thread>();
  const waiting: Job[] = [];
  let isClosed = false;

  function ask(name: keyof LogQuestions, asked: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (isClosed) {
        reject(new GateError('unavailable', 'the broker is stopping: no more searches of the log are begun'));
        return;
      }
      if (waiting.length >= MOST_WAITING) {
        const text = `${MOST_WAITING} searches of the log wait already: try again in a moment`;
        reject(new GateError('unavailable', text));
        return;
      }
      const job: Job = { question: { name, asked }, resolve, reject, cancelTimeout: () => undefined };
      job.cancelTimeout = clock.after(LONGEST_MS, () => giveUp(job));
      waiting.push(job);
      next();
    });
  }

  function giveUp(job: Job): void {
    const at = waiting.indexOf(job);
    if (at !== -1) waiting.splice(at, 1);
    for (const thread of threads) if (thread.job === job) leave(thread);
    job.reject(
      new GateError(
        'unavailable',
        `the log was not searched within ${LONGEST_MS / 1_000} s: try again, with a shorter time`,
      ),
    );
  }

  function next(): void {
    while (waiting.length > 0) {
      const thread = [...threads].find(({ job, isLeaving }) => job === undefined && !isLeaving) ?? begin();
      const job = thread === undefined ? undefined : waiting.shift();
      if (thread === undefined || job === undefined) return;
      thread.cancelIdle();
      thread.job = job;
      thread.worker.ref();
      thread.worker.postMessage(job.question);
    }
  }

  /** Undefined where there are as many as there may be: one that cannot be ended counts until it is gone. */
  function begin(): Thread | undefined {
    if (threads.size >= MOST_THREADS) return undefined;
    const worker = new Worker(file, {
      ...{ workerData: source, env: {}, execArgv: [] },
      resourceLimits: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 192 },
    });
    const thread: Thread = { worker, job: undefined, isLeaving: false, cancelIdle: () => undefined };
    threads.add(thread);
    worker.on('message', (message: SearchAnswer) => said(thread, message));
    worker.on('error', (error) => over(thread, error));
    worker.on('exit', (code) => over(thread, new Error(`the thread ended (${code})`)));
    return thread;
  }

  function said(thread: Thread, message: SearchAnswer): void {
    const { job } = thread;
    if (job === undefined || thread.isLeaving) return;
    thread.job = undefined;
    thread.worker.unref();
    thread.cancelIdle = clock.after(IDLE_MS, () => leave(thread));
    job.cancelTimeout();
    if (message.kind === 'answer') job.resolve(message.answer);
    else job.reject(new (message.isForHost ? HostError : GateError)(message.code, message.message));
    next();
  }

  function leave(thread: Thread): void {
    thread.isLeaving = true;
    thread.cancelIdle();
    void thread.worker.terminate();
  }

  function over(thread: Thread, error: unknown): void {
    threads.delete(thread);
    thread.cancelIdle();
    const { job } = thread;
    thread.job = undefined;
    if (job !== undefined && !thread.isLeaving) {
      job.cancelTimeout();
      const text = 'the thread that searched the log ended before its end: the log of the broker says why';
      job.reject(new GateError('internal', text, { cause: error }));
    }
    next();
  }

  const asking = <N extends keyof LogQuestions>(name: N): LogQuestions[N] =>
    // The thread has the function of that name.
    ((asked: unknown) => ask(name, asked)) as LogQuestions[N];

  return {
    findCalls: asking('findCalls'),
    findEvents: asking('findEvents'),
    recordsOf: asking('recordsOf'),
    callsAfter: asking('callsAfter'),
    callsWithSecret: asking('callsWithSecret'),
    async close() {
      isClosed = true;
      const stopping = new GateError('unavailable', 'the broker is stopping: the log was not searched to the end');
      for (const job of [...waiting.splice(0), ...[...threads].flatMap(({ job }) => job ?? [])]) {
        job.cancelTimeout();
        job.reject(stopping);
      }
      for (const thread of threads) thread.isLeaving = true;
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}
