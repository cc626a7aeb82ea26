// Texts of others (a server's words, a name in a file) on a terminal.
import { stripVTControlCharacters } from 'node:util';

/** One line without control characters, and without those that turn the direction of what follows: neither may steer a terminal. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(
    // oxlint-disable-next-line no-control-regex -- control characters are what this removes
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    ' ',
  );
}
