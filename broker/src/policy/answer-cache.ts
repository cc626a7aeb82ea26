// What rules say of a thing, kept for the next time that the same is asked. The cache is bounded in bytes, for each set of names and for all of
// them, because a caller chooses the text of the question.

/** The answers for all principals that rules know by the same names (user, role, groups, grant). */
export interface OwnAnswers<A> {
  get(what: string): A | undefined;
  /** `answerBytes`: what the answer takes, besides the text of its question. */
  keep(what: string, answer: A, answerBytes?: number): void;
}

export interface AnswerCache<A> {
  /** The answers kept under `key`, which principals share whom rules know by the same names. Valid until `onRenewed` is called. */
  of(key: string): OwnAnswers<A>;
  readonly bytes: number;
}

/** A longer question is not kept: it is hardly asked twice. */
const MAX_KEPT_CHARS = 512;
const MAX_OWN_BYTES = 4 * 1024 * 1024;
const MAX_BYTES = 16 * 1024 * 1024;
/** What a kept answer costs besides the text of its question, about. */
const ANSWER_BYTES = 200;

/**
 * `onRenewed` is called when the cache was full and has been emptied. It is emptied as a whole, because an answer takes a microsecond to find
 * anew, while a list of the oldest ones would cost time in every call.
 */
export function createAnswerCache<A>(onRenewed: () => void): AnswerCache<A> {
  let all = new Map<string, OwnAnswers<A>>();
  let bytes = 0;

  function createOwn(): OwnAnswers<A> {
    const answers = new Map<string, A>();
    let ownBytes = 0;
    return {
      get: (what) => answers.get(what),
      keep(what, answer, answerBytes = ANSWER_BYTES) {
        if (what.length > MAX_KEPT_CHARS) return;
        const cost = 2 * what.length + answerBytes;
        if (ownBytes + cost > MAX_OWN_BYTES) {
          answers.clear();
          bytes -= ownBytes;
          ownBytes = 0;
        }
        if (!admits(cost)) return;
        answers.set(what, answer);
        ownBytes += cost;
      },
    };
  }

  /** Counts `cost` bytes that are to be kept. False: the cache was full and has been emptied, so the caller's own part of it is gone too. */
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
