// Finds JSON keys that some parser may take for another key: because it ignores case (as Go's does), normalises Unicode, or ends a name at the
// first NUL. mcpgate would ignore such a key as unknown while a server acts on it, so messages with one are refused.

const PLAIN = /^[!-~]*$/;
/** Blanks, control and invisible characters, and marks on letters: a parser may drop them. */
const DROPPED = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/gu;

/** Maps keys that a parser may take for one another to the same text. */
export function foldedKey(key: string): string {
  if (PLAIN.test(key)) return key.toLowerCase();
  // Down, up and down again: `ſ` and `ı` have the upper case of other letters, and `ẞ` is one letter in upper case and two in lower.
  return key.normalize('NFKD').replaceAll(DROPPED, '').toLowerCase().toUpperCase().toLowerCase();
}

export interface KnownKeys {
  has(key: string): boolean;
  /** The first of `keys` that is not a known key but may be taken for one. */
  mistakable(keys: readonly { key: string }[]): string | undefined;
}

export function createKnownKeys(keys: Iterable<string>): KnownKeys {
  const known = new Set(keys);
  const folded = new Set([...known].map(foldedKey));
  // Some parsers drop a NUL, others end the name there.
  const isTaken = (key: string) => folded.has(foldedKey(key)) || folded.has(foldedKey(key.split('\0', 1)[0] ?? ''));
  return {
    has: (key) => known.has(key),
    mistakable: (members) => members.find(({ key }) => !known.has(key) && isTaken(key))?.key,
  };
}

/** `__proto__`, alone or as a part of a name that web frameworks take apart, as `__proto__[x]` and `a.__proto__.x`; `constructor.prototype` likewise. */
const PROTOTYPE = /(?:^|[[.\]])(?:__proto__|constructor[[.\]]+prototype)(?:$|[[.\]])/;

/**
 * Whether an object has a member by which servers in JavaScript, which copy members into objects of theirs, get other members than were sent:
 * `{"__proto__": {"mode": "rw"}}` gives them a `mode`. `constructor` alone is a name like others.
 */
export const isOfPrototype = (object: object): boolean =>
  Object.entries(object).some(
    ([key, value]: [string, unknown]) =>
      PROTOTYPE.test(key) ||
      (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')),
  );

/** Whether any object in it is one of those, at any depth. `value`: as JSON is parsed. */
export const hasPrototype = (value: unknown): boolean => someMember(value, isOfPrototype);

/** Whether `is` of some object in it, at any depth; `isOutermost`: it is `value` itself. */
export function someMember(value: unknown, is: (object: object, isOutermost: boolean) => boolean): boolean {
  // Callers nest as deep as they like, so what is left to look at is no stack of calls.
  const left = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each !== 'object' || each === null) continue;
    if (!Array.isArray(each) && is(each, each === value)) return true;
    for (const inner of Object.values(each) as unknown[]) left.push(inner);
  }
  return false;
}
