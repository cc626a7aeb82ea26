// Where checkpoints are kept besides the log. Each place gets the newest one: it covers whatever the ones before did, so that none that could not be
// brought there has to be kept for it.
import { chmod, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { fileErrorCode, fileFault } from 'mcpgate-shared/file-fault';
import type { Logger } from 'pino';
import type { Checkpoint } from './statement.ts';

export interface CheckpointPlace {
  /** As the configuration names it. */
  readonly name: string;
  keep(line: string): Promise<void>;
}

export interface PlaceView {
  name: string;
  /** When the last checkpoint came there, ms since the epoch. */
  keptAt: number | null;
  /** The time of that checkpoint itself; null: none since this broker was started. */
  statedAt: number | null;
  /** Why the newest one is not there yet. */
  problem: string | null;
}

export interface CheckpointPlaces {
  bring(checkpoint: Checkpoint): void;
  views(): PlaceView[];
  /** Waits until the newest one is everywhere, or could not be brought there once more. */
  flush(): Promise<void>;
  close(): void;
}

interface Waiting {
  line: string;
  at: number;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export function createCheckpointPlaces(options: {
  places: readonly CheckpointPlace[];
  clock: Pick<Clock, 'now' | 'after'>;
  log: Pick<Logger, 'warn' | 'info'>;
}): CheckpointPlaces {
  const { clock, log } = options;
  const each = options.places.map((place) => createOne(place));

  function createOne(place: CheckpointPlace) {
    const view: PlaceView = { name: place.name, keptAt: null, statedAt: null, problem: null };
    let waiting: Waiting | undefined;
    let running: Promise<void> | undefined;
    let cancelRetry: (() => void) | undefined;
    let retryMs = FIRST_RETRY_MS;

    async function run(): Promise<void> {
      cancelRetry?.();
      cancelRetry = undefined;
      while (waiting !== undefined) {
        const newest = waiting;
        try {
          await place.keep(newest.line);
        } catch (error) {
          const { message } = toGateError(error);
          if (view.problem === null)
            log.warn({ place: place.name, why: message }, 'a checkpoint of the log could not be kept');
          view.problem = message;
          cancelRetry = clock.after(retryMs, () => void (running ??= run()));
          retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
          break;
        }
        if (view.problem !== null) log.info({ place: place.name }, 'checkpoints of the log are kept again');
        view.keptAt = clock.now();
        view.statedAt = newest.at;
        view.problem = null;
        retryMs = FIRST_RETRY_MS;
        if (waiting === newest) waiting = undefined;
      }
      running = undefined;
    }

    return {
      view,
      bring(checkpoint: Waiting): void {
        waiting = checkpoint;
        if (cancelRetry === undefined) running ??= run();
      },
      async flush(): Promise<void> {
        if (waiting !== undefined) running ??= run();
        await running;
      },
      close: () => cancelRetry?.(),
    };
  }

  return {
    bring(checkpoint) {
      const waiting = { line: `${JSON.stringify(checkpoint)}\n`, at: Date.parse(checkpoint.statement.at) };
      for (const { bring } of each) bring(waiting);
    },
    views: () => each.map(({ view }) => ({ ...view })),
    async flush() {
      await Promise.all(each.map(({ flush }) => flush()));
    },
    close() {
      for (const { close } of each) close();
    },
  };
}

/** A file to which each is added, on disk before it counts. Only the broker's user reads it. */
export function filePlace(path: string): CheckpointPlace {
  return {
    name: `file:${path}`,
    async keep(line) {
      try {
        const file = await open(path, 'a', 0o600);
        try {
          await file.appendFile(line);
          await file.sync();
        } finally {
          await file.close();
        }
        await chmod(path, 0o600);
      } catch (error) {
        const why =
          fileErrorCode(error) === 'ENOENT' ? `there is no folder ${dirname(path)}; make it` : fileFault(error);
        throw new GateError('unavailable', why, { cause: error });
      }
    },
  };
}
