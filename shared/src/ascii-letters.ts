// Turns a name in any script into ASCII letters as far as possible: names of users, groups, servers and secrets hold ASCII only.

/** Letters that Unicode does not decompose into an ASCII letter and a mark, with the usual ASCII spelling of each. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
};

/** `Müßig Łódź` → `Mussig Lodz`; full-width letters become plain ones. Letters of other scripts stay as they are. */
export function asciiLetters(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\u0020-\u007e]/gu, (letter) => LETTERS[letter] ?? letter);
}
