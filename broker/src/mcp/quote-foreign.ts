// Words of an upstream inside a sentence of ours: cut, on one line and in quotes, so that they cannot pass for ours.

const MAX_CHARS = 200;

export function quoteForeign(text: string): string {
  return JSON.stringify(text.replace(/\s+/g, ' ').trim().slice(0, MAX_CHARS));
}
