// What is wrong with a JSON text at one place, in the words of a person who edits it, not of a parser.
import { type ParseError, printParseErrorCode } from 'jsonc-parser';

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
export function jsonFault(text: string, first: ParseError | undefined): string {
  if (first === undefined) return 'no value is there';
  // Git writes these marks into a file with a merge conflict.
  if (/^(?:<{7}|={7}|>{7})/m.test(text)) return 'the marks of a merge conflict are in it';
  return WORDS[printParseErrorCode(first.error)] ?? 'something there is neither a value nor a name in double quotes';
}
