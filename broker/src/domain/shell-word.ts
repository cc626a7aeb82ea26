// Quotes a word for commands that messages print for people to type; used wherever the broker or its command line suggests one.

/** `word` quoted, where needed, so that a POSIX shell reads it as one word: for commands that a message prints for people to type. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
