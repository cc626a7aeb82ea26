// Detects the layout of a JSONC text, so that inserted members look as if its author had written them.
import type { Node } from 'jsonc-parser';
import { type JsoncDocument, members } from './jsonc-document.ts';

export interface JsoncStyle {
  readonly eol: string;
  /** One step of indentation. */
  readonly unit: string;
  /** The text between a key and its value. */
  readonly colon: string;
  /** The text between two members on one line. */
  readonly comma: string;
  /** Whether an empty object is spread over several lines when it gets members. */
  readonly isMultiline: boolean;
}

export function detectStyle({ text, root }: JsoncDocument): JsoncStyle {
  const [first] = root === undefined ? [] : members(root);
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  if (root === undefined || first === undefined)
    return { eol, unit: '  ', colon: ': ', comma: ', ', isMultiline: true };
  const between = text.slice(first.start, first.value.offset);
  const colon = /:[ \t]*$/.exec(between)?.[0] ?? ': ';
  const isMultiline = text.slice(root.offset, root.offset + root.length).includes(eol);
  return {
    eol,
    unit: (startsLine(text, first.start) && lineIndent(text, first.start)) || '  ',
    colon,
    comma: colon === ':' ? ',' : ', ',
    isMultiline,
  };
}

/** The layout of the members of one object. */
export interface Layout {
  /** The indentation, where each member has a line of its own; null: all members are on one line. */
  readonly indent: string | null;
  /** The white space inside the braces of an object on one line. */
  readonly pad: string;
}

/** The layout of an object that has members. */
export function detectLayout(text: string, object: Node, style: JsoncStyle): Layout {
  const all = members(object);
  const [first] = all;
  const last = all.at(-1);
  const lead = first === undefined ? '' : text.slice(object.offset + 1, first.start);
  if (last === undefined || !/[\r\n]/.test(lead)) return { indent: null, pad: /^[ \t]*$/.test(lead) ? lead : '' };
  return {
    indent: startsLine(text, last.start) ? lineIndent(text, last.start) : lineIndent(text, object.offset) + style.unit,
    pad: '',
  };
}

/** `key: value` as text. */
export function printMember(key: string, value: unknown, style: JsoncStyle, layout: Layout): string {
  return JSON.stringify(key) + style.colon + printValue(value, style, layout);
}

/** A value as text. Objects are spread over lines where the layout has lines; arrays never are. */
export function printValue(value: unknown, style: JsoncStyle, layout: Layout): string {
  if (Array.isArray(value))
    return `[${value.map((item) => printValue(item, style, { ...layout, indent: null })).join(style.comma)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  if (layout.indent === null) {
    return `{${layout.pad}${entries.map(([key, item]) => printMember(key, item, style, layout)).join(style.comma)}${layout.pad}}`;
  }
  const indent = layout.indent + style.unit;
  const lines = entries.map(([key, item]) => indent + printMember(key, item, style, { ...layout, indent }));
  return `{${style.eol}${lines.join(`,${style.eol}`)}${style.eol}${layout.indent}}`;
}

/** The white space at the start of the line of `offset`. */
export function lineIndent(text: string, offset: number): string {
  return /^[ \t]*/.exec(beforeOnLine(text, offset))?.[0] ?? '';
}

function startsLine(text: string, offset: number): boolean {
  return /^[ \t]*$/.test(beforeOnLine(text, offset));
}

function beforeOnLine(text: string, offset: number): string {
  return text.slice(Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1, offset);
}
