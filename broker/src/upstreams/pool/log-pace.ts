// Keeps a server that writes without end from filling the log.
import type { Clock } from 'mcpgate-shared/clock';

const LINES_A_SECOND = 50;

/** `write` gets so many lines a second; `onDropped` how many more there were in the second before. */
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
