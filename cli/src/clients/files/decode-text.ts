// Bytes of a client's file as text and back, byte for byte.
import { unusableFile } from './unusable-file.ts';

const MARK = '\uFEFF';

/** The text without its byte order mark; refuses what is not UTF-8, since it would not come back the same. No file reads as empty. */
export function decode(bytes: Buffer | null, file: string): { text: string; mark: string } {
  if (bytes === null) return { text: '', mark: '' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unusableFile({ fault: `${file} is not UTF-8 text`, todo: 'save it as UTF-8' }, error);
  }
  return text.startsWith(MARK) ? { text: text.slice(1), mark: MARK } : { text, mark: '' };
}

export const encode = (text: string, mark: string): Buffer => Buffer.from(mark + text, 'utf8');
