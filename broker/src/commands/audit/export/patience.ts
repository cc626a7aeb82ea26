// Decides whether an export that was broken off is asked to go on: a broker that is started again is waited for, one that breaks it off at the same place
// each time is not.

/** So long a broker that is started again may be away. */
const AWAY_MS = 30_000;
/** So often a broker that answers may break it off before anything new has come. */
const MOST_IN_VAIN = 3;

export type Broken = 'again' | 'away' | 'stuck';

export interface Patience {
  /** Something has come. */
  came(): void;
  /** It was broken off. `isAnswered`: the broker had begun to answer. `reached`: how many bytes had come, those of earlier answers among them. */
  broken(isAnswered: boolean, reached: number): Broken;
}

export function createPatience(now: () => number): Patience {
  let lastCame = now();
  let furthest = -1;
  let inVain = 0;
  return {
    came: () => void (lastCame = now()),
    broken(isAnswered, reached) {
      if (reached > furthest) [furthest, inVain] = [reached, 0];
      else if (isAnswered) inVain += 1;
      if (inVain >= MOST_IN_VAIN) return 'stuck';
      return now() - lastCame > AWAY_MS ? 'away' : 'again';
    },
  };
}
