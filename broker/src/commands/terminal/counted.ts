// A number with the word for what is counted, as people write it.

/** `1 chain`, `2 chains`. */
export const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;
