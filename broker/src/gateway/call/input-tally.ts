// What a call was asked for before it could be answered, for its audit record: how often and which kinds of things, never what.
import type { InputKind } from '../../domain/call-record.ts';

export interface InputTally {
  readonly rounds: number;
  /** Each kind once, sorted. */
  readonly asked: readonly InputKind[];
  /** One more round that asks with these methods. */
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
