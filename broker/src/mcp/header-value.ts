// Values of a request's body that its HTTP headers repeat (2026-07-28, Streamable HTTP, "Value Encoding").
const PLAIN = /^[\t\x20-\x7e]*$/;

/** A value that is no plain field value goes as Base64 between markers. */
export function headerValue(text: string): string {
  const isMarked = text.startsWith('=?base64?') && text.endsWith('?=');
  if (text !== '' && text === text.trim() && !isMarked && PLAIN.test(text)) return text;
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
