// Bounds how many lines of a server's output are logged, so that one which writes without end does not fill the broker's log.
import type { Clock } from 'mcpgate-shared/clock';

const LINES_A_SECOND = 50;

/** Calls `write` for at most `LINES_A_SECOND` lines a second, and `onDropped` with how many more there were in a second, once that is over. */
export function paced(
  clock: Pick<Clock, 'now'>,
  write: (line: string) => void,
  onDropped: (count: number) => void,
): (line: string) => void {
  let second = 0;
  let written = 0;
  let dropped = 0;
  return (line) => {
    const now = Math.floor(clock.now() / 1_000);
    if (now !== second) {
      if (dropped > 0) onDropped(dropped);
      second = now;
      written = 0;
      dropped = 0;
    }
    if (written++ < LINES_A_SECOND) write(line);
    else dropped++;
  };
}
