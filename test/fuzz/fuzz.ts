// Fuzzing with a kept corpus: what is kept is replayed first, then random and mutated inputs follow. An input that fails is shrunk and
// added to the corpus, so that it is committed with its fix.
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';

/** Each reader's inputs, by what is interesting about them, as hex. */
type Corpus = Record<string, string>;

const fileOf = (name: string) => new URL(`corpus/${name}.json`, import.meta.url);

/** `holds` throws where an input breaks the reader. Throws with the shrunken input, which is then part of the corpus. */
export function fuzz(options: {
  corpus: string;
  runs: number;
  /** Well-formed inputs; half of what is tried is made of them and of the corpus. */
  valid: readonly Buffer[];
  holds: (input: Buffer) => void;
}): void {
  const { corpus: name, runs, valid, holds } = options;
  const corpus = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Corpus;
  const kept = Object.entries(corpus).map(([what, hex]) => ({ what, input: Buffer.from(hex, 'hex') }));
  for (const { what, input } of kept) {
    try {
      holds(input);
    } catch (cause) {
      throw new Error(`corpus/${name}.json: "${what}" fails`, { cause });
    }
  }
  const random = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes));
  const input = fc.oneof(random, mutated([...valid, ...kept.map((one) => one.input)]));
  const found = fc.check(fc.property(input, holds), { numRuns: runs });
  if (!found.failed) return;
  const [shrunken] = found.counterexample ?? [];
  if (shrunken !== undefined) {
    corpus[`found with seed ${found.seed}`] = shrunken.toString('hex');
    writeFileSync(fileOf(name), `${JSON.stringify(corpus, null, 2)}\n`);
  }
  throw new Error(`${fc.defaultReportMessage(found) ?? 'it failed'}\nkept in test/fuzz/corpus/${name}.json`);
}

type Mutation = (bytes: Buffer) => Buffer;

/** A few changes to something well-formed: bits, bytes, lengths, pieces that are missing, doubled or strange. */
function mutated(bases: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const position = fc.double({ min: 0, max: 1, noNaN: true });
  const at = (bytes: Buffer, where: number) => Math.min(bytes.length, Math.floor(where * (bytes.length + 1)));
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    fc.tuple(position, fc.nat(7)).map(([where, bit]) => (bytes: Buffer) => {
      const copy = Buffer.from(bytes);
      const index = at(copy, where);
      if (index < copy.length) copy[index] = (copy[index] ?? 0) ^ (1 << bit);
      return copy;
    }),
    fc.tuple(position, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(
      ([where, more]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, at(bytes, where)), more, bytes.subarray(at(bytes, where))]),
    ),
    position.map((where) => (bytes: Buffer) => bytes.subarray(0, at(bytes, where))),
    fc.tuple(position, position).map(([from, to]) => (bytes: Buffer) => {
      const [start, end] = [at(bytes, Math.min(from, to)), at(bytes, Math.max(from, to))];
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
    }),
    fc.constantFrom(...bases).map((other) => (bytes: Buffer) => Buffer.concat([bytes, other])),
  );
  return fc
    .tuple(fc.constantFrom(...bases), fc.array(mutation, { minLength: 0, maxLength: 4 }))
    .map(([base, mutations]) => mutations.reduce((bytes, mutate) => mutate(bytes), base).subarray(0, 4_096));
}
