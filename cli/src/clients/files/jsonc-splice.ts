// Inserts, replaces or removes a member of a JSONC object by changing only the bytes that must change. Removal is the inverse of insertion: an
// inserted member starts right after the last visible character before it, so removing it with the white space before it restores the text.
import type { Node } from 'jsonc-parser';
import { type Member, members } from './jsonc-document.ts';
import { detectLayout, type JsoncStyle, type Layout, lineIndent, printMember, printValue } from './jsonc-style.ts';

/** Inserts `key` as the last member. `hollow` in the result: the white space that was between the braces of an empty object, else null. */
export function insertMember(
  text: string,
  object: Node,
  key: string,
  value: unknown,
  style: JsoncStyle,
): { text: string; hollow: string | null } {
  const last = members(object).at(-1);
  if (last === undefined) return insertFirst(text, object, key, value, style);
  const { comma, lineEnd } = triviaAfter(text, last.end);
  let layout = detectLayout(text, object, style);
  if (layout.indent === null && endsWithLineComment(text, last.end, lineEnd)) {
    layout = { ...layout, indent: lineIndent(text, object.offset) + style.unit };
  }
  const separator = layout.indent === null ? style.comma.slice(1) : style.eol + layout.indent;
  const addition = separator + printMember(key, value, style, layout);
  if (comma !== null) return { text: `${text.slice(0, lineEnd)}${addition},${text.slice(lineEnd)}`, hollow: null };
  return {
    text: `${text.slice(0, last.end)},${text.slice(last.end, lineEnd)}${addition}${text.slice(lineEnd)}`,
    hollow: null,
  };
}

function insertFirst(
  text: string,
  object: Node,
  key: string,
  value: unknown,
  style: JsoncStyle,
): { text: string; hollow: string | null } {
  const open = object.offset + 1;
  const close = object.offset + object.length - 1;
  const inner = text.slice(open, close);
  const visible = trimSpace(inner);
  const isMultiline = style.isMultiline || /[\r\n]/.test(inner);
  const outer = lineIndent(text, /[\r\n]/.test(inner) ? close : object.offset);
  const layout: Layout = { indent: isMultiline ? outer + style.unit : null, pad: '' };
  const addition = (isMultiline ? style.eol + (layout.indent ?? '') : '') + printMember(key, value, style, layout);
  if (visible !== '') {
    return { text: text.slice(0, open) + visible + addition + text.slice(open + visible.length), hollow: null };
  }
  return {
    text: text.slice(0, open) + addition + (isMultiline ? style.eol + outer : '') + text.slice(close),
    hollow: inner,
  };
}

/** Replaces the value of a member. */
export function replaceValue(text: string, object: Node, target: Member, value: unknown, style: JsoncStyle): string {
  const { indent, pad } = detectLayout(text, object, style);
  const printed = printValue(value, style, { indent: indent === null ? null : lineIndent(text, target.start), pad });
  return text.slice(0, target.value.offset) + printed + text.slice(target.end);
}

/**
 * Removes a member. `hollow`: the text to put between the braces of the object if it is empty then. `keepSpace`: leaves the white space before
 * the member, which is needed where a line comment stands before it and more text after it.
 */
export function cutMember(text: string, object: Node, target: Member, hollow: string, keepSpace: boolean): string {
  const all = members(object);
  const before = all[all.findIndex((each) => each.start === target.start) - 1];
  const open = object.offset + 1;
  const close = object.offset + object.length - 1;
  const start = keepSpace ? target.start : open + trimSpace(text.slice(open, target.start)).length;
  const after = triviaAfter(text, target.end).comma;
  const comma = after ?? (before === undefined ? null : triviaAfter(text, before.end).comma);
  let inner: string;
  if (comma === null) inner = text.slice(open, start) + text.slice(target.end, close);
  else if (comma < start)
    inner = text.slice(open, comma) + text.slice(comma + 1, start) + text.slice(target.end, close);
  else inner = text.slice(open, start) + text.slice(target.end, comma) + text.slice(comma + 1, close);
  if (all.length === 1 && trimSpace(inner) === '') inner = hollow;
  return text.slice(0, open) + inner + text.slice(close);
}

/** Whether an object has only this member and nothing else, not even a comment. */
export function holdsOnly(text: string, object: Node, target: Member): boolean {
  const rest = text.slice(object.offset + 1, target.start) + text.slice(target.end, object.offset + object.length - 1);
  return members(object).length === 1 && /^[ \t\r\n]*,?[ \t\r\n]*$/.test(rest);
}

/** The index of the comma after a value (null: none), and the end of the comments on the same line. */
function triviaAfter(text: string, from: number): { comma: number | null; lineEnd: number } {
  let comma: number | null = null;
  let lineEnd = from;
  let sameLine = true;
  for (let at = from; at < text.length;) {
    const char = text.charAt(at);
    if (char === ' ' || char === '\t') at += 1;
    else if (char === '\n' || char === '\r') {
      sameLine = false;
      at += 1;
    } else if (char === ',' && comma === null) {
      comma = at;
      sameLine = true;
      at += 1;
      lineEnd = at;
    } else if (text.startsWith('//', at)) {
      const comment = /[^\r\n]*/y;
      comment.lastIndex = at;
      const visible = trimSpace(comment.exec(text)?.[0] ?? '').length;
      if (sameLine) lineEnd = at + visible;
      at += visible;
    } else if (text.startsWith('/*', at)) {
      at = text.indexOf('*/', at + 2) + 2;
      if (sameLine) lineEnd = at;
    } else break;
  }
  return { comma, lineEnd };
}

/** Whether the text between two offsets ends in a `//` comment, after which only a new line may follow. */
function endsWithLineComment(text: string, from: number, to: number): boolean {
  return /\/\/[^\r\n]*$/.test(text.slice(from, to).replace(/\/\*[\s\S]*?\*\//g, ''));
}

/** The text without white space of JSON at its end; `trimEnd` would remove more. */
function trimSpace(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
