// Bytes of a client's file as text and back, byte for byte.
import { GateError } from 'mcpgate-shared/error';

const MARK = '\uFEFF';

/** The text without its byte order mark; refuses what is not UTF-8, since it would not come back the same. No file reads as empty. */
export function decode(bytes: Buffer | null, file: string): { text: string; mark: string } {
  if (bytes === null) return { text: '', mark: '' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new GateError(
      'client_file',
      `${file} is not UTF-8 text; nothing was changed: save it as UTF-8, then run this again`,
      { cause: error },
    );
  }
  return text.startsWith(MARK) ? { text: text.slice(1), mark: MARK } : { text, mark: '' };
}

export const encode = (text: string, mark: string): Buffer => Buffer.from(mark + text, 'utf8');
