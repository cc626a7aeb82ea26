// Which cancelled requests a server might still answer, so that one that ignores cancellations is known.

export interface LateAnswers {
  expect(id: number, onAnswer: () => void): void;
  /** An answer that nobody waits for. */
  take(id: unknown): void;
}

/** Of more the oldest are forgotten: then their late answers are dropped without a word. */
const MAX_KEPT = 256;

export function createLateAnswers(): LateAnswers {
  const expected = new Map<number, () => void>();
  return {
    expect(id, onAnswer) {
      expected.set(id, onAnswer);
      const oldest = expected.keys().next();
      if (expected.size > MAX_KEPT && oldest.done !== true) expected.delete(oldest.value);
    },
    take(id) {
      if (typeof id !== 'number') return;
      const onAnswer = expected.get(id);
      expected.delete(id);
      onAnswer?.();
    },
  };
}
