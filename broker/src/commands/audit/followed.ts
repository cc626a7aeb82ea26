// A stream of the log that outlives its broker: where the connection ends it is opened again, with growing pauses, behind the last place that was
// told.
import { setTimeout as delay } from 'node:timers/promises';
import type { FollowedLine, TailLine } from 'mcpgate-shared/api/audit';
import { plainLine } from 'mcpgate-shared/plain-line';
import { GateError, type ErrorCode } from 'mcpgate-shared/error';
import { pauseMs } from '../../deliveries/back-off.ts';

/** A broker that lives says something every 15 s. */
export const SILENT_MS = 45_000;
/** What a broker that restarts, or the proxy before it, may answer. Anything else ends the command. */
const PASSES: ReadonlySet<ErrorCode> = new Set(['unreachable', 'unavailable', 'timeout', 'throttled']);
const LONGEST_PAUSE_MS = 15_000;

/**
 * `open` begins the stream, behind a place or, the first time, where it likes. Throws what the first stream throws before its first line; later only
 * what no waiting mends: a token that was revoked, a place that the log does not have.
 */
export async function* followed(
  open: (after: string | undefined) => AsyncIterable<FollowedLine>,
  {
    stderr,
    pause = delay,
    random = Math.random,
  }: { stderr: { write(text: string): unknown }; pause?: (ms: number) => Promise<unknown>; random?: () => number },
): AsyncGenerator<TailLine> {
  const say = (text: string): void => void stderr.write(`mcpgate-broker: ${text}\n`);
  let place: string | undefined;
  let tries = 0;
  for (;;) {
    let why = 'it has ended the stream';
    try {
      for await (const line of open(place)) {
        if (tries > 0) say('the broker is back; the log goes on where it was');
        tries = 0;
        place = line.place ?? place;
        if (line.kind !== 'place') yield line;
      }
    } catch (error) {
      if (place === undefined || !(error instanceof GateError) || !PASSES.has(error.code)) throw error;
      why = error.message.split('\n', 1)[0] ?? '';
    }
    if (place === undefined) throw new GateError('unreachable', 'the broker has ended the stream before it began');
    if (tries === 0) say(`the broker is gone: ${plainLine(why)}; it is tried again until Ctrl-C`);
    await pause(Math.min(pauseMs(tries, undefined, random()), LONGEST_PAUSE_MS));
    tries += 1;
  }
}
