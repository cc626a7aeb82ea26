// Shares the event loop between all that read large messages: together they work through a bounded number of bytes in one turn of the loop,
// first come first served, and everything else in the process runs between the turns.

export interface Turns {
  /** Resolves as soon as the work on `bytes` bytes fits into a turn; the caller then does it at once. */
  spend(bytes: number): Promise<void>;
}

const BYTES_A_TURN = 128 * 1024;

/** `onTurn` is called after each turn with the bytes that were worked through in it. */
export function createTurns(onTurn: (bytes: number) => void = () => undefined): Turns {
  const waiting: { bytes: number; go: () => void }[] = [];
  let spent = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      onTurn(spent);
      spent = 0;
      while (waiting[0] !== undefined && fits(waiting[0].bytes)) {
        const next = waiting.shift();
        spent += next?.bytes ?? 0;
        next?.go();
      }
      if (spent > 0) schedule();
    });
  }

  /** A single chunk may be larger than a turn; it gets a turn of its own. */
  const fits = (bytes: number) => spent === 0 || spent + bytes <= BYTES_A_TURN;

  return {
    async spend(bytes) {
      schedule();
      if (waiting.length === 0 && fits(bytes)) {
        spent += bytes;
        return;
      }
      await new Promise<void>((go) => waiting.push({ bytes, go }));
    },
  };
}
