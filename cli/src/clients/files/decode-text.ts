// Decodes the bytes of a client's file and encodes them again without any loss.
import { unusableFile } from './unusable-file.ts';

const MARK = '\uFEFF';

/**
 * The text without its byte order mark, and the mark. A missing file (null) reads as empty. Throws for bytes that are not UTF-8, which would
 * change.
 */
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
