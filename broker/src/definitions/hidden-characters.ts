// Finds characters that a model reads and a person does not see, or sees in another order. Nothing is ever taken out: a text without them would
// be another text than the server's, and nobody would know.

/** Direction overrides and isolates, which show a text in another order than it is read (Trojan Source, CVE-2021-42574). */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/gu;
/** Tags, which spell ASCII invisibly. Three flags are spelled with them (England, Scotland, Wales), after a black flag. */
const TAGS = /[\u{e0000}-\u{e007f}]/gu;
const FLAG_OF_TAGS = /\u{1f3f4}[\u{e0061}-\u{e007a}]{1,6}\u{e007f}/gu;
/** Variation selectors beyond those of emoji: 240 of them, which can carry any bytes. */
const SELECTORS = /[\ufe00-\ufe0d\u{e0100}-\u{e01ef}]|(?<=[A-Za-z .,]|\p{Variation_Selector})(?:\ufe0e|\ufe0f)/gu;
// oxlint-disable-next-line no-control-regex -- these are looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu;
/** Characters without a width. They come into honest texts by copying, so a few are no alarm. */
const WIDTHLESS =
  /[\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u061c\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]|\u034f/gu;
/** Joiners belong between letters of many scripts and between emoji; after ASCII they have no meaning. */
const JOINERS = /(?<=[\u0020-\u007e])[\u200c\u200d]/gu;

/** So many characters without a width are no accident. */
const MOST_BY_ACCIDENT = 3;
const MOST_SHOWN = 60;

export interface HiddenCharacters {
  isAlarm: boolean;
  what: string;
}

/** What is hidden in a text; undefined: nothing. */
export function hiddenCharactersIn(text: string): HiddenCharacters | undefined {
  // Most texts are plain, and are done with here.
  if (/^[\u0020-\u007e\n\r\t]*$/.test(text)) return undefined;
  const tags = text.replace(FLAG_OF_TAGS, '').match(TAGS) ?? [];
  if (tags.length > 0) return { isAlarm: true, what: `${countOf(tags, 'invisible tag character')}${spelled(tags)}` };
  const direction = text.match(DIRECTION);
  if (direction) return { isAlarm: true, what: countOf(direction, 'character that turns the direction of text') };
  const controls = text.match(CONTROLS);
  if (controls) return { isAlarm: true, what: countOf(controls, 'control character') };
  const selectors = text.match(SELECTORS);
  if (selectors)
    return { isAlarm: selectors.length > MOST_BY_ACCIDENT, what: countOf(selectors, 'invisible variation selector') };
  const widthless = [...(text.match(WIDTHLESS) ?? []), ...(text.match(JOINERS) ?? [])];
  if (widthless.length === 0) return undefined;
  return { isAlarm: widthless.length > MOST_BY_ACCIDENT, what: countOf(widthless, 'character without a width') };
}

function countOf(found: readonly string[], what: string): string {
  const first = found[0]?.codePointAt(0) ?? 0;
  const code = `U+${first.toString(16).toUpperCase().padStart(4, '0')}`;
  return found.length === 1
    ? `an invisible or unusual character: ${what} ${code}`
    : `${found.length} × ${what}, the first ${code}`;
}

/** What tag characters spell, for the reader. */
function spelled(tags: readonly string[]): string {
  const text = tags.map((tag) => String.fromCodePoint(Math.max(0, (tag.codePointAt(0) ?? 0) - 0xe0000))).join('');
  const readable = text.replace(/[^\u0020-\u007e]/g, '').slice(0, MOST_SHOWN);
  return readable === '' ? '' : `, which spell ${JSON.stringify(readable)}`;
}
