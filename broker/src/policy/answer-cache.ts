// Answers that were given, kept for who asks the same again. Bounded in bytes, for each requester and for all: what is asked is a caller's text.
import type { Verdict } from './decide.ts';

/** The answers of those who have the same names. */
export interface OwnAnswers {
  get(what: string): Verdict | undefined;
  keep(what: string, verdict: Verdict): void;
}

export interface AnswerCache {
  /** `key`: what those who share answers have in common. Good until `onRenewed` is called. */
  of(key: string): OwnAnswers;
  readonly bytes: number;
}

/** What is longer is hardly asked twice. */
const MAX_KEPT_CHARS = 512;
const MAX_OWN_BYTES = 4 * 1024 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;
/** Of an answer besides the text. */
const ANSWER_BYTES = 200;

/** `onRenewed`: the cache is full and begins anew. An answer costs a microsecond, an eviction list would cost every call. */
export function createAnswerCache(onRenewed: () => void): AnswerCache {
  let all = new Map<string, OwnAnswers>();
  let bytes = 0;

  function createOwn(): OwnAnswers {
    const answers = new Map<string, Verdict>();
    let ownBytes = 0;
    return {
      get: (what) => answers.get(what),
      keep(what, verdict) {
        if (what.length > MAX_KEPT_CHARS) return;
        const cost = 2 * what.length + ANSWER_BYTES;
        if (ownBytes + cost > MAX_OWN_BYTES) {
          answers.clear();
          bytes -= ownBytes;
          ownBytes = 0;
        }
        if (!admits(cost)) return;
        answers.set(what, verdict);
        ownBytes += cost;
      },
    };
  }

  /** Counts what is to be kept; false: there was no room, and now there is. */
  function admits(cost: number): boolean {
    bytes += cost;
    if (bytes <= MAX_BYTES) return true;
    all = new Map();
    bytes = 0;
    onRenewed();
    return false;
  }

  return {
    of(key) {
      const known = all.get(key);
      if (known !== undefined) return known;
      const own = createOwn();
      if (admits(2 * key.length + ANSWER_BYTES)) all.set(key, own);
      return own;
    },
    get bytes() {
      return bytes;
    },
  };
}
