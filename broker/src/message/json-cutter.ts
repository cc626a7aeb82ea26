// The cutter: reads a large JSON message one chunk at a time, checks it as strictly as `JSON.parse` does, and takes its large values out as
// pieces (pieces.ts). The outline (outline.ts) says what must stay in the text. All work on a chunk is done when `feed` returns, so the event
// loop is never held for longer than one chunk takes.
import { createCutOutput, type CutMessage } from './cut-output.ts';
import { createItemRun } from './item-run.ts';
import { ESCAPE_BEGUN, escapeEnd, isSecondHalf, isSpace, plainEnd, SCALAR_BEGUN, scalarEnd } from './json-grammar.ts';
import type { PieceKind } from './pieces.ts';
import { MESSAGE_OUTLINE, type Outline } from './outline.ts';

export interface JsonCutter {
  /** Takes the next bytes. False: the message is no JSON object, or exceeds a limit below that no honest peer exceeds. */
  feed(chunk: Buffer): boolean;
  /** The cut message; undefined where `feed` returned false, or the JSON ended too early. */
  end(): CutMessage | undefined;
}

/** Characters that may be left as text. Honest messages leave some kilobytes. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
const MAX_DEPTH = 10_000;
/**
 * Characters of a string that the outline wants whole. A longer string is cut there; what is left is still longer than any name may be, so
 * that whoever reads it as a name refuses it.
 */
const MAX_WHOLE_LENGTH = 128 * 1024;
/** Characters of a member's name; a longer one is in no outline. */
const MAX_NAME_LENGTH = 400;
/** Items of an array that stay in the text, whatever they hold. */
const KEPT_ITEMS = 64;
/**
 * Characters of any other string that stay. The broker must still see whether a string begins with a reserved mark (`[mcpgate`), for which
 * eight characters that are no white space are enough; the others are for people who read the record of a call.
 */
const HEAD_LENGTH = 256;
const DECIDING_CHARACTERS = 8;

// States of the reader: what may come next, or (STRING) what is being read.
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
  /** Undefined: the broker reads nothing in this object or array. */
  outline: Outline | undefined;
  /** Values in it that have begun. */
  count: number;
}

/** `token`: at least 16 random characters of [0-9a-z]. */
export function createJsonCutter(token: string): JsonCutter {
  const output = createCutOutput(token);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const stack: Frame[] = [];
  let state = VALUE;
  let isBroken = false;
  /** The beginning of a number, a word or an escape sequence that goes on in the next chunk, and is read then. */
  let begun = '';
  /** The outline for the next value. */
  let outline: Outline | undefined = MESSAGE_OUTLINE;
  // The string that is being read. `name`: the characters of a key as they are written, escape sequences included.
  let isKey = false;
  let name = '';
  /** So many more characters of it stay. An escape sequence counts as one. */
  let keptLeft = 0;
  /** Characters also stay until so many more have come that are no white space. */
  let decidingLeft = 0;
  // Whether a hole is open: around a value, or around members until the stack is back at `holeDepth`.
  let isTaking = false;
  let holeKind: PieceKind = 'value';
  let holeDepth = 0;
  const run = createItemRun(output);
  /** The item that is read did not join its run, is read for the second time, and stays. */
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
    const keepsWhole = stack.at(-1)?.outline?.wholeStrings === true;
    state = STRING;
    isKey = isName;
    name = '';
    keptLeft = keepsWhole ? MAX_WHOLE_LENGTH : HEAD_LENGTH;
    decidingLeft = keepsWhole ? 0 : DECIDING_CHARACTERS;
  }

  /** Reads characters of a string, from `at` up to `end`, among which there is no escape sequence. */
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

  /** The string ends at `at`. Returns the index to go on at. */
  function endString(text: string, at: number): number {
    if (isTaking && holeKind === 'tail') closeHole(text, at);
    if (!isKey) return endValue(text, at + 1);
    isKey = false;
    state = COLON;
    const members = isTaking || name.length > MAX_NAME_LENGTH ? undefined : stack.at(-1)?.outline?.members;
    const key = members === undefined ? '' : String(JSON.parse(`"${name}"`));
    outline = members !== undefined && Object.hasOwn(members, key) ? members[key] : undefined;
    return at + 1;
  }

  function beginValue(text: string, at: number): void {
    const parent = stack.at(-1);
    if (parent === undefined) return;
    parent.count += 1;
    if (!parent.isArray || parent.outline?.items === undefined) return;
    outline = parent.outline.items;
    if (keepItem || parent.count <= KEPT_ITEMS) return;
    run.begin(text, at, stack.length);
    isTaking = true;
    holeKind = 'value';
  }

  /** A value ends at `at`. Returns the index to go on at. */
  function endValue(text: string, at: number): number {
    state = stack.length === 0 ? DONE : AFTER;
    if (run.hasItem && stack.length === run.depth) return run.join(text, at) ? at : rollBack(text);
    if (keepItem && stack.at(-1)?.outline?.items !== undefined && !isTaking) keepItem = false;
    return at;
  }

  function beginContainer(text: string, at: number, isArray: boolean): void {
    const looksIn = !isTaking && outline !== undefined && (!isArray || outline.items !== undefined);
    if (!isTaking && !looksIn) openHole(text, at, 'value', stack.length);
    stack.push({ isArray, outline: looksIn ? outline : undefined, count: 0 });
    state = isArray ? VALUE_OR_END : KEY_OR_END;
  }

  /** An object or array ends at `at`. Returns the index to go on at. */
  function endContainer(text: string, at: number): number {
    stack.pop();
    if (run.isOpen && stack.length < run.depth) closeRun(text);
    // A hole around members ends before the bracket of their object, a hole around a value behind the value's own bracket.
    if (isTaking && !run.isOpen && holeDepth === stack.length) closeHole(text, holeKind === 'members' ? at : at + 1);
    return endValue(text, at + 1);
  }

  /** The item cannot join the run: ends the run, and returns the index of the item, from which it is read again. */
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
    /** Puts the rest of the chunk off until the next one, if it may go on there (`pattern`). False: what stands at `at` is not JSON. */
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
        // The item does not end in this chunk, so it cannot join the run.
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
          if (!isTaking && frame !== undefined && frame.count >= (frame.outline?.maxMembers ?? Infinity)) {
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
          return false; // DONE: something stands behind the end of the message
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
