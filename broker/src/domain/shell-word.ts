/** `word` quoted, where needed, so that a POSIX shell reads it as one word: for commands that a message prints for people to type. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
