// Gives the event loop back in between: all who have much to work through share what one turn of the loop may do, first come first served.

export interface Turns {
  /** Resolves as soon as work on so many bytes fits into a turn. */
  spend(bytes: number): Promise<void>;
}

const BYTES_A_TURN = 128 * 1024;

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

  /** A single piece of work may be larger than a turn: nobody can cut it. */
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
