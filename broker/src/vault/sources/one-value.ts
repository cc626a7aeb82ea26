// What was read becomes the value of a secret: valid text, without the line end that editors and `echo` add.
import { GateError } from 'mcpgate-shared/error';

export const MAX_VALUE_BYTES = 64 * 1024;

/** Throws `unavailable`; `where`: what it was read from, in words. */
export function oneValue(bytes: Uint8Array, where: string): string {
  if (bytes.length > MAX_VALUE_BYTES + 2)
    throw new GateError('unavailable', `${where} is longer than ${MAX_VALUE_BYTES} bytes: that is no secret`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new GateError('unavailable', `${where} is not valid UTF-8 text`, { cause: error });
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw new GateError('unavailable', `${where} is empty`);
  return value;
}
