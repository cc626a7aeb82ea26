// A command that is written as one line, as its words.

/** At blanks, without quotes; nothing in it is carried out. */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  for (const [whole] of line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g))
    words.push(
      whole.replaceAll(/"([^"]*)"|'([^']*)'/g, (_found, double?: string, single?: string) => double ?? single ?? ''),
    );
  return words;
}
