// The likeliest meant word for a mistyped one. Of commands and flags commander tells by itself.
import editDistance from 'damerau-levenshtein';

/** The candidate within a third of the word's length, if there is one; case and `-` against `_` do not count, a swap of neighbours is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, cost: editDistance(plain(word), plain(candidate)).steps }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}
