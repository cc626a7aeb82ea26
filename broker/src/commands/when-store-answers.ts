// Makes a broker that starts before its database, or while that is away, wait for it. An error that waiting does not help with ends the start.
import { GateError } from 'mcpgate-shared/error';
import type { Log } from '../domain/log.ts';

const FIRST_PAUSE_MS = 250;
/** The longest pause between tries. It is short, because laptops wait for the broker once the database is back. */
const MAX_PAUSE_MS = 2_000;
/** What the broker waits for is logged again after so many tries. */
const SAY_EVERY = 30;

/**
 * Calls `start` until it succeeds, and returns its result; undefined where `stopped` resolved first. Throws errors that are not
 * `unavailable`.
 */
export async function whenStoreAnswers<T extends object>(
  start: () => Promise<T>,
  parts: {
    log: Log;
    /** Called with what the broker waits for; requests that come meanwhile are answered with it. */
    waitsFor: (why: string) => void;
    stopped: Promise<unknown>;
    pause: (ms: number) => Promise<void>;
    random?: () => number;
  },
): Promise<T | undefined> {
  const { log, random = Math.random } = parts;
  const stopped = parts.stopped.then((): 'stopped' => 'stopped');
  let said: string | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      const started = await Promise.race([start(), stopped]);
      if (started === 'stopped') return undefined;
      if (said !== undefined) log.info({ tries }, 'the database answers');
      return started;
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== 'unavailable') throw error;
      parts.waitsFor(error.message);
      if (said !== error.message || tries % SAY_EVERY === 0)
        log.warn({ why: error.message, tries }, 'waiting for the database');
      said = error.message;
    }
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 10), MAX_PAUSE_MS);
    const pause = parts.pause(longest * (0.5 + random() / 2));
    if ((await Promise.race([stopped, pause])) === 'stopped') return undefined;
  }
}
