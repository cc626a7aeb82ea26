// Reads a large JSON message as it comes in, a chunk at a time: checks that it is JSON, as strictly as `JSON.parse`, and takes the large
// values out (see pieces.ts). The work for a chunk is done when `feed` returns, so the loop is never held for longer than a chunk takes.
import { createCutOutput, type CutMessage } from './cut-output.ts';
import { createItemRun } from './item-run.ts';
import { ESCAPED_SPACES, ESCAPES, hexDigit, LITERALS } from './json-characters.ts';
import { createMemberName } from './member-name.ts';
import { createNumberCheck } from './number-check.ts';
import type { PieceKind } from './pieces.ts';
import { MESSAGE, type Place } from './places.ts';
import { plainEnd } from './plain-end.ts';
import { createStringHead } from './string-head.ts';
import { createUtf8Chunks } from './utf8-chunks.ts';

export interface JsonCutter {
  /** The next bytes; they belong to the cutter from now on. False: this is no JSON object, or one that no honest peer sends. */
  feed(chunk: Buffer): boolean;
  /** Undefined: as above, or it ended too early. */
  end(): CutMessage | undefined;
}

/** What may be left as text. Honest messages leave some kilobytes. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
const MAX_DEPTH = 10_000;
/** Of a string that stays whole. Of a longer one about as much stays: past every bound on names, so that it is refused by its name. */
const MAX_WHOLE_BYTES = 192 * 1024;
/** Items of an array that stay in any case. */
const KEPT_ITEMS = 64;

/** What may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const ESCAPE = 7;
const HEX = 8;
const NUMBER = 9;
const LITERAL = 10;
const DONE = 11;

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
  const characters = createUtf8Chunks();
  const stack: Frame[] = [];
  let state = VALUE;
  let isBroken = false;
  /** Of the member whose value is next. */
  let place: Place | undefined = MESSAGE;
  // The string that is read.
  let isKey = false;
  const name = createMemberName();
  let hexLeft = 0;
  let hexValue = 0;
  const head = createStringHead();
  let isHead = false;
  /** Of a value that stays whole: bytes, an escape counted as one, so that none has more than three for a character. */
  let wholeLeft = Infinity;
  const number = createNumberCheck();
  let literalLeft = '';
  // Whether something is taken out at the moment: a value, or members until the stack is `holeDepth` high again.
  let isTaking = false;
  let holeKind: PieceKind = 'value';
  let holeDepth = 0;
  const run = createItemRun(output);
  /** An item that did not join is read again. */
  let keepItem = false;

  const fail = (): false => {
    isBroken = true;
    return false;
  };

  function openHole(bytes: Buffer, at: number, kind: PieceKind, depth: number): void {
    output.open(bytes, at, kind);
    isTaking = true;
    holeKind = kind;
    holeDepth = depth;
  }

  function closeHole(bytes: Buffer, at: number): void {
    output.close(bytes, at);
    isTaking = false;
  }

  function closeRun(bytes: Buffer): void {
    run.close(bytes);
    isTaking = false;
  }

  function onKey(): void {
    const members = isTaking ? undefined : stack.at(-1)?.place?.members;
    const key = members === undefined ? undefined : name.read();
    place = members !== undefined && key !== undefined && Object.hasOwn(members, key) ? members[key] : undefined;
  }

  function beginValue(bytes: Buffer, at: number): void {
    const parent = stack.at(-1);
    if (parent === undefined) return;
    parent.count += 1;
    if (!parent.isArray || parent.place?.items === undefined) return;
    place = parent.place.items;
    if (keepItem || parent.count <= KEPT_ITEMS) return;
    run.begin(bytes, at, stack.length);
    isTaking = true;
    holeKind = 'value';
  }

  /** The value that ends at `at` is over. Where to go on. */
  function endValue(bytes: Buffer, at: number): number {
    state = stack.length === 0 ? DONE : AFTER;
    if (run.hasItem && stack.length === run.depth) return run.join(bytes, at) ? at : rollBack(bytes);
    if (keepItem && stack.at(-1)?.place?.items !== undefined && !isTaking) keepItem = false;
    return at;
  }

  function read(bytes: Buffer): boolean {
    const size = bytes.length;
    let at = 0;
    output.begin();
    for (;;) {
      if (at >= size) {
        if (!run.hasItem) break;
        // It does not end here: it is kept, and read again from its beginning.
        at = rollBack(bytes);
      }
      const code = bytes[at] ?? 0;
      switch (state) {
        case STRING: {
          if (isHead) {
            if (code === 34) isHead = false;
            else if (code === 92 || code < 32) head.byte(0);
            else if (head.isDecided && (code & 0xc0) !== 0x80) {
              openHole(bytes, at, 'tail', -1);
              isHead = false;
            } else {
              head.byte(code);
              at += 1;
              continue;
            }
          }
          if (wholeLeft <= 0 && !isTaking && !isKey) openHole(bytes, at, 'tail', -1);
          const begin = at;
          const end = plainEnd(bytes, at);
          if (isKey && !isTaking) {
            name.part(bytes, begin, end);
          }
          wholeLeft -= end - begin;
          at = end;
          if (end >= size) continue;
          const byte = bytes[end];
          if (byte === 92) {
            state = ESCAPE;
            if (isKey && !isTaking) name.byte(byte);
            at += 1;
            continue;
          }
          if (byte !== 34) return fail();
          if (isTaking && holeKind === 'tail') closeHole(bytes, at);
          at += 1;
          if (isKey) {
            isKey = false;
            onKey();
            state = COLON;
          } else {
            at = endValue(bytes, at);
          }
          continue;
        }
        case ESCAPE:
          if (isKey && !isTaking) name.byte(code);
          wholeLeft -= 1;
          at += 1;
          if (code === 117) {
            state = HEX;
            hexLeft = 4;
            hexValue = 0;
          } else if (!ESCAPES.has(code)) return fail();
          else {
            if (isHead) head.escape(ESCAPED_SPACES.has(code) ? 32 : 33);
            state = STRING;
          }
          continue;
        case HEX: {
          const digit = hexDigit(code);
          if (digit < 0) return fail();
          if (isKey && !isTaking) name.byte(code);
          hexValue = hexValue * 16 + digit;
          hexLeft -= 1;
          at += 1;
          if (hexLeft > 0) continue;
          if (isHead) head.escape(hexValue);
          state = STRING;
          continue;
        }
        case NUMBER:
          if (number.accepts(code)) {
            at += 1;
            continue;
          }
          if (!number.isComplete) return fail();
          at = endValue(bytes, at);
          continue;
        case LITERAL:
          if (code !== literalLeft.charCodeAt(0)) return fail();
          literalLeft = literalLeft.slice(1);
          at += 1;
          if (literalLeft === '') {
            at = endValue(bytes, at);
          }
          continue;
      }
      if (code === 32 || code === 10 || code === 13 || code === 9) {
        at += 1;
        continue;
      }
      switch (state) {
        case AFTER: {
          const frame = stack.at(-1);
          if (frame === undefined) return fail();
          if (code === 44) {
            state = frame.isArray ? VALUE : KEY;
            at += 1;
            continue;
          }
          if (code !== (frame.isArray ? 93 : 125)) return fail();
          at = endContainer(bytes, at);
          continue;
        }
        case COLON:
          if (code !== 58) return fail();
          state = VALUE;
          at += 1;
          continue;
        case KEY:
        case KEY_OR_END: {
          if (code === 125 && state === KEY_OR_END) {
            at = endContainer(bytes, at);
            continue;
          }
          if (code !== 34) return fail();
          const frame = stack.at(-1);
          if (!isTaking && frame !== undefined && frame.count >= (frame.place?.maxMembers ?? Infinity)) {
            openHole(bytes, at, 'members', stack.length - 1);
          }
          isKey = true;
          name.begin();
          state = STRING;
          at += 1;
          continue;
        }
        case VALUE:
        case VALUE_OR_END:
          if (code === 93 && state === VALUE_OR_END) {
            at = endContainer(bytes, at);
            continue;
          }
          if (stack.length === 0 && code !== 123) return fail();
          beginValue(bytes, at);
          if (code === 123 || code === 91) {
            if (stack.length >= MAX_DEPTH) return fail();
            const isArray = code === 91;
            const looksIn = !isTaking && place !== undefined && (!isArray || place.items !== undefined);
            if (!isTaking && !looksIn) openHole(bytes, at, 'value', stack.length);
            stack.push({ isArray, place: looksIn ? place : undefined, count: 0 });
            state = isArray ? VALUE_OR_END : KEY_OR_END;
            at += 1;
          } else if (code === 34) {
            const parent = stack.at(-1);
            state = STRING;
            at += 1;
            isHead = !isTaking && parent?.place?.wholeStrings !== true;
            wholeLeft = isTaking || isHead ? Infinity : MAX_WHOLE_BYTES;
            head.begin();
          } else if (code === 45 || (code >= 48 && code <= 57)) {
            state = NUMBER;
            number.begin(code);
            at += 1;
          } else {
            const literal = LITERALS[code];
            if (literal === undefined) return fail();
            state = LITERAL;
            literalLeft = literal;
          }
          continue;
        default:
          return fail(); // something behind the end
      }
    }
    if (run.isOpen) closeRun(bytes);
    output.flush(bytes);
    return output.textBytes <= MAX_TEXT_BYTES || fail();
  }

  /** Index behind the container that ends at `at`. */
  function endContainer(bytes: Buffer, at: number): number {
    stack.pop();
    if (run.isOpen && stack.length < run.depth) closeRun(bytes);
    // Members are taken out up to the end of their object, a value with its own end.
    if (isTaking && !run.isOpen && holeDepth === stack.length) closeHole(bytes, holeKind === 'members' ? at : at + 1);
    return endValue(bytes, at + 1);
  }

  /** The item cannot join the run: it is kept, and read again. Its index. */
  function rollBack(bytes: Buffer): number {
    const at = run.giveUp();
    closeRun(bytes);
    stack.length = run.depth;
    const parent = stack.at(-1);
    if (parent !== undefined) parent.count -= 1;
    keepItem = true;
    isKey = false;
    isHead = false;
    state = VALUE;
    return at;
  }

  return {
    feed(chunk) {
      if (isBroken) return false;
      return read(characters.next(chunk));
    },
    end() {
      const rest = characters.end();
      if (rest.length > 0 && !isBroken) read(rest);
      return isBroken || state !== DONE ? undefined : output.message();
    },
  };
}
