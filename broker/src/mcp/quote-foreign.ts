// Quotes text of an upstream server inside a message of the broker: shortened, on one line and in quotation marks, so that a reader cannot
// take the server's words for the broker's.

const MAX_CHARS = 200;

export function quoteForeign(text: string): string {
  return JSON.stringify(text.replace(/\s+/g, ' ').trim().slice(0, MAX_CHARS));
}
