// Counts what a server asked the client for during one call. The audit record has the number of rounds and the kinds of questions, never their
// contents.
import type { InputKind } from '../../domain/call-record.ts';

export interface InputTally {
  readonly rounds: number;
  /** The kinds of questions, each once, sorted. */
  readonly asked: readonly InputKind[];
  /** Counts one more round of questions, with these methods. */
  round(methods: readonly string[]): void;
}

const KINDS: ReadonlyMap<string, InputKind> = new Map([
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
  ['sampling/createMessage', 'sampling'],
]);

export function createInputTally(): InputTally {
  const asked = new Set<InputKind>();
  let rounds = 0;
  return {
    get rounds() {
      return rounds;
    },
    get asked() {
      return [...asked].toSorted();
    },
    round(methods) {
      rounds++;
      for (const method of methods) {
        const kind = KINDS.get(method);
        if (kind !== undefined) asked.add(kind);
      }
    },
  };
}
