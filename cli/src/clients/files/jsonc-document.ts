// Parses a JSON or JSONC text into a tree with offsets. A text that cannot be edited safely is refused, with file, line and column.
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { GateError } from 'mcpgate-shared/error';
import { unusableFile } from './unusable-file.ts';

export interface JsoncDocument {
  readonly text: string;
  /** The root object; undefined where the text is blank or `null`. */
  readonly root: Node | undefined;
}

/** A member of an object, with the offsets that splicing needs. */
export interface Member {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly value: Node;
}

/** Parses `text` (without byte order mark). Throws `client_file` where it is not a valid object. */
export function parseJsonc(text: string, file: string): JsoncDocument {
  if (/^[ \t\r\n]*(?:null[ \t\r\n]*)?$/.test(text)) return { text, root: undefined };
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined || root === undefined) {
    const at = lineAndColumn(text, first?.offset ?? 0);
    throw refuse(
      file,
      `is not valid JSON at line ${at.line}, column ${at.column} (${jsonFault(text, first)})`,
      'correct it',
    );
  }
  if (root.type !== 'object') throw refuse(file, `holds ${article(root.type)}, not an object`, 'correct it');
  return { text, root };
}

/** The members of an object node, in order. */
export function members(object: Node): Member[] {
  return (object.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined || typeof key.value !== 'string') return [];
    return [{ key: key.value, start: property.offset, end: value.offset + value.length, value }];
  });
}

/** The member `key`. Throws where a key occurs twice in the object, because programs differ in which one counts. */
export function member(document: JsoncDocument, object: Node, key: string, file: string): Member | undefined {
  const all = members(object);
  const seen = new Set<string>();
  for (const each of all) {
    if (seen.has(each.key)) {
      const at = lineAndColumn(document.text, each.start);
      throw refuse(
        file,
        `has the key ${JSON.stringify(each.key)} twice (line ${at.line}, column ${at.column})`,
        'remove one of them',
      );
    }
    seen.add(each.key);
  }
  return all.find((each) => each.key === key);
}

/** As {@link member}, for a value that must be an object or null; null counts as an empty object. */
export function objectMember(document: JsoncDocument, object: Node, key: string, file: string): Member | undefined {
  const found = member(document, object, key, file);
  if (found !== undefined && found.value.type !== 'object' && found.value.type !== 'null') {
    const at = lineAndColumn(document.text, found.value.offset);
    throw refuse(
      file,
      `has ${article(found.value.type)} as ${JSON.stringify(key)} (line ${at.line}, column ${at.column}), not an object`,
      'correct it',
    );
  }
  return found;
}

function refuse(file: string, what: string, todo: string): GateError {
  return unusableFile({ fault: `${file} ${what}`, todo });
}

function article(type: string): string {
  return /^[aeo]/.test(type) ? `an ${type}` : `a ${type}`;
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

const WORDS: Readonly<Partial<Record<ReturnType<typeof printParseErrorCode>, string>>> = {
  InvalidNumberFormat: 'a number is cut off or has too much in it',
  UnexpectedEndOfNumber: 'a number is cut off or has too much in it',
  PropertyNameExpected: 'a name in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing after a name',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing brace } is missing',
  CloseBracketExpected: 'a closing bracket ] is missing',
  EndOfFileExpected: 'something stands after the end',
  UnexpectedEndOfComment: 'a comment does not end',
  UnexpectedEndOfString: 'a closing double quote is missing',
  InvalidUnicode: 'a \\u is not followed by four digits',
  InvalidEscapeCharacter: 'a backslash has to be doubled',
  InvalidCharacter: 'a tab or another control character stands in a text',
};

/** The first error of a JSON text in words for a person who edits it. Does not repeat the text there, which may be a token. */
function jsonFault(text: string, first: ParseError | undefined): string {
  if (first === undefined) return 'no value is there';
  // Git writes these marks into a file with a merge conflict.
  if (/^(?:<{7}|={7}|>{7})/m.test(text)) return 'the marks of a merge conflict are in it';
  return WORDS[printParseErrorCode(first.error)] ?? 'something there is neither a value nor a name in double quotes';
}
