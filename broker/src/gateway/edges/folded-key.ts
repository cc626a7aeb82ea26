// Keys that some reader of JSON takes for another one: decoders that ignore case (Go's among them), that normalise Unicode, or that end a
// name at its first NUL. What mcpgate would pass over a server could act on, so such a key is never taken for an unknown one.

const PLAIN = /^[!-~]*$/;
/** Blanks, controls, what is not shown, and marks on letters: a reader may drop them. */
const DROPPED = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/gu;

/** What all keys have in common that a reader may take for one another. */
export function foldedKey(key: string): string {
  if (PLAIN.test(key)) return key.toLowerCase();
  // Down, up and down again: `ſ` and `ı` have the upper case of other letters, and `ẞ` is one letter in upper case and two in lower.
  return key.normalize('NFKD').replaceAll(DROPPED, '').toLowerCase().toUpperCase().toLowerCase();
}

export interface KnownKeys {
  has(key: string): boolean;
  /** The first of these that is none of them and may be taken for one. */
  mistakable(keys: readonly { key: string }[]): string | undefined;
}

export function createKnownKeys(keys: Iterable<string>): KnownKeys {
  const known = new Set(keys);
  const folded = new Set([...known].map(foldedKey));
  // One reader drops a NUL, another one ends the name there.
  const isTaken = (key: string) => folded.has(foldedKey(key)) || folded.has(foldedKey(key.split('\0', 1)[0] ?? ''));
  return {
    has: (key) => known.has(key),
    mistakable: (members) => members.find(({ key }) => !known.has(key) && isTaken(key))?.key,
  };
}
