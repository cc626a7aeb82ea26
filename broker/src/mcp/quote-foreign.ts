// Quotes text of an upstream server inside a message of the broker: shortened, on one line and in quotation marks, so that a reader cannot
// take the server's words for the broker's.

const MAX_CHARS = 200;

/** Letters that turn the direction of what follows: JSON leaves them, and a reader would see the broker's words in another order. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function quoteForeign(text: string): string {
  const quoted = JSON.stringify(text.replace(/\s+/g, ' ').trim().slice(0, MAX_CHARS));
  return quoted.replace(TURNING, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
