// What one listener is still to be sent, bounded: whoever reads more slowly than things happen loses what waits, and is told what to read again.
import type { Change, Topic } from 'mcpgate-shared/api/events/events';

export interface EventQueue {
  /** `text`: the event as it is sent. */
  add(text: string): void;
  /** Leaves nothing of what waits. */
  empty(): void;
  /** Leaves nothing of what waits; these topics are to be read again. */
  lose(topics: readonly Topic[]): void;
  /** What is to be sent next; undefined: nothing. */
  take(): string | undefined;
  /** Resolves when there is something to take. */
  filled(): Promise<void>;
  /** Makes `filled` resolve. */
  wake(): void;
}

const MOST_BYTES = 256 * 1024;

/** One event of the stream. JSON has no line breaks, so it is one line of data. */
export function eventText(change: Change, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${change.event}\ndata: ${JSON.stringify(change)}\n\n`;
}

export function createEventQueue(topics: readonly Topic[]): EventQueue {
  let waiting: string[] = [];
  let bytes = 0;
  let wake = (): void => undefined;
  const lost = new Set<Topic>();

  const empty: EventQueue['empty'] = () => {
    waiting = [];
    bytes = 0;
  };
  const lose: EventQueue['lose'] = (these) => {
    empty();
    for (const topic of these) lost.add(topic);
    wake();
  };
  return {
    empty,
    lose,
    add(text) {
      if (lost.size === topics.length) return;
      waiting.push(text);
      bytes += text.length;
      if (bytes > MOST_BYTES) lose(topics);
      else wake();
    },
    take() {
      if (lost.size > 0) {
        const again = topics.filter((topic) => lost.has(topic));
        lost.clear();
        if (again.length > 0) return eventText({ event: 'resync', topics: again });
      }
      const text = waiting.shift();
      bytes -= text?.length ?? 0;
      return text;
    },
    filled: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || lost.size > 0) resolve();
      }),
    wake: () => wake(),
  };
}
