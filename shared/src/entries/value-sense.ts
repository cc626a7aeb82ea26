// What a value looks like by itself, whatever its name and spot.
import { isWord } from '../values/plain-word.ts';
import { isKnownToken } from './token-formats.ts';

export type ValueSense =
  /** Empty, a truth value, or a word such as `none`. */
  | 'trivial'
  | 'number'
  /** Words, addresses, versions, media types, names of models and packages. */
  | 'ordinary'
  | 'path'
  | 'uuid'
  /** Short, and neither words nor a number: `q7Jx2pLw`. */
  | 'odd'
  | 'random'
  /** A token of a known issuer (token-formats.ts). */
  | 'token';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TRIVIAL = /^(?:|true|false|yes|no|y|n|on|off|none|null|nil|undefined|default|auto|-|\*|\[\]|\{\})$/i;
const PATH =
  /^(?:~|\.{1,2})?\/(?:[\w.@ +-]+\/)*[\w.@ +-]*$|^[A-Za-z]:[\\/]|^(?:~|\.{1,2})[\\/]|^file:\/\/|^%[A-Z]+%\\|^\$\{[^}]*\}[\\/]/;
const VERSIONED = /^@?[a-z][\w./-]*@(?:[~^v]?\d[\w.+-]*|latest|next|[a-z]+)$|^v?\d+(?:\.\d+)+(?:[-+][\w.]+)?$/i;
const DATE = /^\d{4}-\d\d-\d\d/;

export function senseOfValue(value: string): ValueSense {
  const text = value.trim();
  if (TRIVIAL.test(text)) return 'trivial';
  if (isKnownToken(text)) return 'token';
  if (/^[-+]?\d+(?:[.,]\d+)*(?:ms|s|m|h|d|[kmg]i?b|%)?$/i.test(text)) return 'number';
  if (UUID.test(text)) return 'uuid';
  if (VERSIONED.test(text) || DATE.test(text)) return 'ordinary';
  const runs = text.split(/[^A-Za-z0-9+/_]+|(?<=[a-z])_(?=[a-z])/).filter((run) => run !== '');
  if (PATH.test(text) && !runs.some((run) => isRandom(run.replace(/^.*\//, '')))) return 'path';
  if (/\s/.test(text)) return runs.some(isRandom) ? 'random' : 'ordinary';
  if (isRandomText(text)) return 'random';
  return isOdd(text) ? 'odd' : 'ordinary';
}

function isRandomText(text: string): boolean {
  if (text.length < 16 || text.length > 8192) return false;
  if (/^(?:sha\d+[:-]|@[\w-]+\/)/.test(text)) return false;
  if (/^[A-Za-z0-9+/]{24,}={1,2}$/.test(text)) return true;
  return text.split(/[-.~:;,!?()[\]{}|@=&%]|\/(?=[a-z]+(?:\/|$))|_(?=[a-z]+(?:_|$))/).some(isRandom);
}

/** Whether a run of at least 16 letters and digits is not made of words. */
function isRandom(run: string): boolean {
  if (run.length < 16) return false;
  const digits = (run.match(/\d/g) ?? []).length;
  const letters = (run.match(/[A-Za-z]/g) ?? []).length;
  if (digits >= 2 && letters >= 2) return bits(run) >= 3 && !isWords(run.replace(/\d+$/, ''));
  return letters >= 16 && /[a-z]/.test(run) && /[A-Z]/.test(run) && !isWords(run);
}

/** Whether the text is made of words as people join them: `getWorkspaceList`, `us_east`. */
function isWords(text: string): boolean {
  const words = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== '');
  return words.length > 0 && words.every(isWord) && words.join('').length / words.length >= 3.5;
}

function isOdd(text: string): boolean {
  if (text.length < 6) return false;
  const pieces = text.split(/[-_.:/,@=]+/).filter((piece) => piece !== '');
  if (/[!$%^&*#?"'`\\<>|{}[\]();~+]/.test(text) && /[A-Za-z]/.test(text) && /\d/.test(text)) return true;
  return pieces.some((piece) => {
    if (piece.length < 5) return false;
    const changes = (piece.match(/(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]/g) ?? []).length;
    if (/[a-z]/.test(piece) && /[A-Z]/.test(piece) && /\d/.test(piece))
      return !/^(?:[A-Z]?[a-z]+)+\d{1,4}$/.test(piece) && (changes >= 2 || piece.length >= 8);
    return changes >= 4 && piece.length >= 8;
  });
}

/** The entropy of the text in bits a character, by the frequencies in the text itself. */
function bits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
