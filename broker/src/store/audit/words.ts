// Words: texts that repeat in rows of the audit log, and that the database keeps once, under a number. A word belongs to a workspace, so that
// whoever looks for a word finds rows of that workspace alone.
import { hash } from 'node:crypto';

export const WORD = {
  workspace: 1,
  actor: 2,
  subject: 3,
  server: 4,
  tool: 5,
  type: 6,
  caller: 7,
  policy: 8,
  asked: 9,
  ended: 10,
} as const;
export type WordKind = (typeof WORD)[keyof typeof WORD];

export interface Word {
  /** Empty for the words that name workspaces. */
  workspaceId: string;
  kind: WordKind;
  text: string;
}

/** By which the database finds a word; texts may be longer than what an index takes. */
export const digestOfWord = (text: string): Uint8Array => hash('sha256', text, 'buffer').subarray(0, 16);

/** So many are kept in memory; twice as many for a while. */
const MOST_KEPT = 10_000;

/** The words that were used last, both ways. */
export class WordBook {
  readonly #ids = new Generations<string, number>(MOST_KEPT);
  readonly #texts = new Generations<number, string>(MOST_KEPT);

  id(kind: WordKind, workspaceId: string, text: string): number | undefined {
    return this.#ids.get(keyOf(kind, workspaceId, text));
  }

  text(id: number): string | undefined {
    return this.#texts.get(id);
  }

  /** Only of what is committed. */
  learn({ kind, workspaceId, text }: Word, id: number): void {
    this.#ids.set(keyOf(kind, workspaceId, text), id);
  }

  learnText(id: number, text: string): void {
    this.#texts.set(id, text);
  }
}

const keyOf = (kind: WordKind, workspaceId: string, text: string): string => `${kind} ${workspaceId}\n${text}`;

/** A map that forgets what was not asked for among its last entries. */
class Generations<K, V> {
  readonly #size: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** Words of an append that the book does not have yet: it learns them once they are committed. */
export class FreshWords {
  readonly #book: WordBook;
  readonly #words = new Map<string, { word: Word; id: number }>();

  constructor(book: WordBook) {
    this.#book = book;
  }

  /** The word's number; 0 for one that is not known yet, which is noted. */
  readonly idOf = (kind: WordKind, workspaceId: string, text: string): number => {
    const known = this.#book.id(kind, workspaceId, text);
    if (known !== undefined) return known;
    const key = keyOf(kind, workspaceId, text);
    const noted = this.#words.get(key);
    if (noted === undefined) this.#words.set(key, { word: { kind, workspaceId, text }, id: 0 });
    return noted?.id ?? 0;
  };

  get isEmpty(): boolean {
    return this.#words.size === 0;
  }

  /** Those that were noted. `found`: says what the number of one is. */
  *noted(): Iterable<{ word: Word; found: (id: number) => void }> {
    for (const entry of this.#words.values()) yield { word: entry.word, found: (id) => void (entry.id = id) };
  }

  committed(): void {
    for (const { word, id } of this.#words.values()) this.#book.learn(word, id);
  }
}
