// Tells ordinary words from random text. A secret that is an ordinary word is not masked in answers of servers: that would break many answers and
// protect nothing. Nor is an ordinary word taken for a secret by an import.

/** Whether `text` can be pronounced, and is in lower case, in upper case, or capitalized. */
export function isWord(text: string): boolean {
  if (!/^(?:[A-Z]?[a-z]+|[A-Z]+)$/.test(text)) return false;
  if (text.length <= 3) return true;
  const vowels = (text.match(/[aeiouy]/gi) ?? []).length / text.length;
  return vowels >= 0.15 && vowels <= 0.8 && !/[bcdfghjklmnpqrstvwxz]{6}/i.test(text) && !/(.)\1\1/i.test(text);
}

/** Whether `text` is one to three words joined as in names: `postgres`, `created_at`, `read-only`. */
export function isPlainName(text: string): boolean {
  const words = text.split(/[_.-]/);
  return text.length <= 24 && words.length <= 3 && words.every((word) => word.length <= 14 && isWord(word));
}

/** Whether the text before a `=` can be a name. A secret may hold a `=` too, and names are shown to people. */
export function isName(text: string): boolean {
  if (text.length < 8 || /[_. -]/.test(text)) return true;
  return !(/\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)) && text.length <= 40;
}
