// Texts of servers on a terminal, with what nobody would see in them.

/** Characters that nobody sees, or that steer a terminal. */
const UNSEEN: readonly RegExp[] = [
  // oxlint-disable-next-line no-control-regex -- control characters are what this shows
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu,
  /[\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f/gu,
  /[\ufe00-\ufe0e]|[\u{e0100}-\u{e01ef}]/gu,
];

/** With what is invisible, or steers a terminal, as `{U+200B}`; line breaks and tabs stay. */
export function visible(text: string): string {
  return UNSEEN.reduce((shown, pattern) => shown.replace(pattern, codeOf), text);
}

function codeOf(character: string): string {
  return `{U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`;
}
