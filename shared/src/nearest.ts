// Guesses which word a mistyped one was meant to be. For commands and flags, commander does that itself.
import editDistance from 'damerau-levenshtein';

/**
 * The candidate with the fewest mistakes, if these are at most a third of the word's length. Upper and lower case, `-` and `_` make no
 * difference; two letters that changed places are one mistake.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, cost: editDistance(plain(word), plain(candidate)).steps }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** `; did you mean NAME?` behind a sentence about a word that nothing is called; empty where nothing is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** How many letters have to be put in, left out, replaced or moved by one to make one word of the other. */
export function lettersApart(a: string, b: string): number {
  return editDistance(a, b).steps;
}
