// Reads a large JSON message as it comes in, a chunk at a time: checks that it is JSON, as strictly as `JSON.parse`, and takes the large
// values out (see pieces.ts). The work for a chunk is done when `feed` returns, so the loop is never held for longer than a chunk takes.
import { createCutOutput, type CutMessage } from './cut-output.ts';
import { createItemRun } from './item-run.ts';
import { ESCAPE_BEGUN, escapeEnd, isSecondHalf, isSpace, plainEnd, SCALAR_BEGUN, scalarEnd } from './json-grammar.ts';
import type { PieceKind } from './pieces.ts';
import { MESSAGE, type Place } from './places.ts';

export interface JsonCutter {
  /** The next bytes. False: this is no JSON object, or one that no honest peer sends. */
  feed(chunk: Buffer): boolean;
  /** Undefined: as above, or it ended too early. */
  end(): CutMessage | undefined;
}

/** What may be left as text. Honest messages leave some kilobytes. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
const MAX_DEPTH = 10_000;
/** Of a string that stays whole. Of a longer one about as much stays: past every bound on names, so that it is refused by its name. */
const MAX_WHOLE_LENGTH = 128 * 1024;
/** Of a name that is looked for. */
const MAX_NAME_LENGTH = 400;
/** Items of an array that stay in any case. */
const KEPT_ITEMS = 64;
/**
 * So much of a string stays that its text still tells whether it begins with a reserved mark: eight characters that are no white space
 * decide it (`[mcpgate`), and a little more is kept for who reads a record.
 */
const HEAD_LENGTH = 256;
const DECIDING_CHARACTERS = 8;

/** What may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const DONE = 7;

interface Frame {
  isArray: boolean;
  /** Undefined: nobody looks into it. */
  place: Place | undefined;
  /** Values that have begun. */
  count: number;
}

/** `token`: at least 16 random characters of [0-9a-z]. */
export function createJsonCutter(token: string): JsonCutter {
  const output = createCutOutput(token);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const stack: Frame[] = [];
  let state = VALUE;
  let isBroken = false;
  /** Of a scalar or an escape sequence, which is read when all of it has come. */
  let begun = '';
  /** Of the member whose value is next. */
  let place: Place | undefined = MESSAGE;
  // The string that is read; `name`: as it is written.
  let isKey = false;
  let name = '';
  /** So many characters of it stay in any case. An escape sequence is one. */
  let keptLeft = 0;
  /** And what comes until so many were no white space. */
  let decidingLeft = 0;
  // Whether something is taken out at the moment: a value, or members until the stack is `holeDepth` high again.
  let isTaking = false;
  let holeKind: PieceKind = 'value';
  let holeDepth = 0;
  const run = createItemRun(output);
  /** An item that did not join is read again. */
  let keepItem = false;

  function openHole(text: string, at: number, kind: PieceKind, depth: number): void {
    output.open(text, at, kind);
    isTaking = true;
    holeKind = kind;
    holeDepth = depth;
  }

  function closeHole(text: string, at: number): void {
    output.close(text, at);
    isTaking = false;
  }

  function closeRun(text: string): void {
    run.close(text);
    isTaking = false;
  }

  function beginString(isName: boolean): void {
    const keepsWhole = stack.at(-1)?.place?.wholeStrings === true;
    state = STRING;
    isKey = isName;
    name = '';
    keptLeft = keepsWhole ? MAX_WHOLE_LENGTH : HEAD_LENGTH;
    decidingLeft = keepsWhole ? 0 : DECIDING_CHARACTERS;
  }

  /** Characters of a string, up to `end`. */
  function readPlain(text: string, at: number, end: number): void {
    if (isTaking) return;
    if (isKey) {
      if (name.length <= MAX_NAME_LENGTH) name += text.slice(at, end);
      return;
    }
    let next = at;
    while (next < end && (keptLeft > 0 || decidingLeft > 0 || isSecondHalf(text.charCodeAt(next)))) {
      keptLeft -= 1;
      if (decidingLeft > 0 && !isSpace(text.charCodeAt(next))) decidingLeft -= 1;
      next += 1;
    }
    if (next < end) openHole(text, next, 'tail', -1);
  }

  function readEscape(text: string, at: number, end: number): void {
    if (isTaking) return;
    const escape = text.slice(at, end);
    if (isKey) {
      if (name.length <= MAX_NAME_LENGTH) name += escape;
    } else if (keptLeft <= 0 && decidingLeft <= 0) {
      openHole(text, at, 'tail', -1);
    } else {
      keptLeft -= 1;
      if (decidingLeft > 0 && !isSpace(String(JSON.parse(`"${escape}"`)).charCodeAt(0))) decidingLeft -= 1;
    }
  }

  /** The string ends at `at`. Where to go on. */
  function endString(text: string, at: number): number {
    if (isTaking && holeKind === 'tail') closeHole(text, at);
    if (!isKey) return endValue(text, at + 1);
    isKey = false;
    state = COLON;
    const members = isTaking || name.length > MAX_NAME_LENGTH ? undefined : stack.at(-1)?.place?.members;
    const key = members === undefined ? '' : String(JSON.parse(`"${name}"`));
    place = members !== undefined && Object.hasOwn(members, key) ? members[key] : undefined;
    return at + 1;
  }

  function beginValue(text: string, at: number): void {
    const parent = stack.at(-1);
    if (parent === undefined) return;
    parent.count += 1;
    if (!parent.isArray || parent.place?.items === undefined) return;
    place = parent.place.items;
    if (keepItem || parent.count <= KEPT_ITEMS) return;
    run.begin(text, at, stack.length);
    isTaking = true;
    holeKind = 'value';
  }

  /** The value that ends at `at` is over. Where to go on. */
  function endValue(text: string, at: number): number {
    state = stack.length === 0 ? DONE : AFTER;
    if (run.hasItem && stack.length === run.depth) return run.join(text, at) ? at : rollBack(text);
    if (keepItem && stack.at(-1)?.place?.items !== undefined && !isTaking) keepItem = false;
    return at;
  }

  function beginContainer(text: string, at: number, isArray: boolean): void {
    const looksIn = !isTaking && place !== undefined && (!isArray || place.items !== undefined);
    if (!isTaking && !looksIn) openHole(text, at, 'value', stack.length);
    stack.push({ isArray, place: looksIn ? place : undefined, count: 0 });
    state = isArray ? VALUE_OR_END : KEY_OR_END;
  }

  /** Index behind the container that ends at `at`. */
  function endContainer(text: string, at: number): number {
    stack.pop();
    if (run.isOpen && stack.length < run.depth) closeRun(text);
    // Members are taken out up to the end of their object, a value with its own end.
    if (isTaking && !run.isOpen && holeDepth === stack.length) closeHole(text, holeKind === 'members' ? at : at + 1);
    return endValue(text, at + 1);
  }

  /** The item cannot join the run: it is kept, and read again. Its index. */
  function rollBack(text: string): number {
    const at = run.giveUp();
    closeRun(text);
    stack.length = run.depth;
    const parent = stack.at(-1);
    if (parent !== undefined) parent.count -= 1;
    keepItem = true;
    state = VALUE;
    return at;
  }

  function read(chunk: string): boolean {
    let text = begun + chunk;
    begun = '';
    let at = 0;
    /** False: what stands at `at` is wrong, and does not only end too early. */
    const putOff = (pattern: RegExp): boolean => {
      pattern.lastIndex = at;
      if (!pattern.test(text)) return false;
      begun = text.slice(at);
      text = text.slice(0, at);
      return true;
    };
    output.begin();
    for (;;) {
      if (at >= text.length) {
        if (!run.hasItem) break;
        // It does not end here: it is kept, and read again from its beginning.
        at = rollBack(text);
      }
      if (state === STRING) {
        const end = plainEnd(text, at);
        if (end > at) readPlain(text, at, end);
        at = end;
        if (at >= text.length) continue;
        const code = text.charCodeAt(at);
        if (code === 34) at = endString(text, at);
        else {
          const next = code === 92 ? escapeEnd(text, at) : 0;
          if (next > 0) {
            readEscape(text, at, next);
            at = next;
          } else if (!putOff(ESCAPE_BEGUN)) return false;
        }
        continue;
      }
      const code = text.charCodeAt(at);
      if (code === 32 || code === 10 || code === 13 || code === 9) {
        at += 1;
        continue;
      }
      switch (state) {
        case AFTER: {
          const isArray = stack.at(-1)?.isArray;
          if (code === 44) {
            state = isArray === true ? VALUE : KEY;
            at += 1;
          } else if (code === (isArray === true ? 93 : 125)) at = endContainer(text, at);
          else return false;
          continue;
        }
        case COLON:
          if (code !== 58) return false;
          state = VALUE;
          at += 1;
          continue;
        case KEY:
        case KEY_OR_END: {
          if (code === 125 && state === KEY_OR_END) {
            at = endContainer(text, at);
            continue;
          }
          if (code !== 34) return false;
          const frame = stack.at(-1);
          if (!isTaking && frame !== undefined && frame.count >= (frame.place?.maxMembers ?? Infinity)) {
            openHole(text, at, 'members', stack.length - 1);
          }
          beginString(true);
          at += 1;
          continue;
        }
        case VALUE:
        case VALUE_OR_END:
          if (code === 93 && state === VALUE_OR_END) {
            at = endContainer(text, at);
          } else if (code === 123 || (code === 91 && stack.length > 0)) {
            if (stack.length >= MAX_DEPTH) return false;
            beginValue(text, at);
            beginContainer(text, at, code === 91);
            at += 1;
          } else if (stack.length === 0) {
            return false;
          } else if (code === 34) {
            beginValue(text, at);
            beginString(false);
            at += 1;
          } else {
            const end = scalarEnd(text, at);
            if (end > 0 && end < text.length) {
              beginValue(text, at);
              at = endValue(text, end);
            } else if (!putOff(SCALAR_BEGUN)) return false;
          }
          continue;
        default:
          return false; // something behind the end
      }
    }
    if (run.isOpen) closeRun(text);
    output.flush(text);
    return output.textLength <= MAX_TEXT_LENGTH;
  }

  return {
    feed(chunk) {
      isBroken ||= !read(decoder.decode(chunk, { stream: true }));
      return !isBroken;
    },
    end: () => (isBroken || state !== DONE || decoder.decode() !== '' ? undefined : output.message()),
  };
}
