// Words: what people say and what programs are full of. Hiding one in an answer would break it and protect nothing.

/** Can be said, and is written as words are: all small, all large, or with a capital. */
export function isWord(text: string): boolean {
  if (!/^(?:[A-Z]?[a-z]+|[A-Z]+)$/.test(text)) return false;
  if (text.length <= 3) return true;
  const vowels = (text.match(/[aeiouy]/gi) ?? []).length / text.length;
  return vowels >= 0.15 && vowels <= 0.8 && !/[bcdfghjklmnpqrstvwxz]{6}/i.test(text) && !/(.)\1\1/i.test(text);
}

/** `postgres`, `created_at`, `read-only`: one word, or two or three that are joined as names are. */
export function isPlainName(text: string): boolean {
  const words = text.split(/[_.-]/);
  return text.length <= 24 && words.length <= 3 && words.every((word) => word.length <= 14 && isWord(word));
}

/** Whether what stands before a `=` can be a name. A secret may hold one, and names are shown. */
export function isName(text: string): boolean {
  if (text.length < 8 || /[_. -]/.test(text)) return true;
  return !(/\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)) && text.length <= 40;
}
