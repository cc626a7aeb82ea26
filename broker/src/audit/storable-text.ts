// Text as both engines give it back unchanged, so that a row's hash still fits when it is read.

const MAX_CHARACTERS = 1_024;

/** `text` without NUL (PostgreSQL refuses it) and lone surrogates (UTF-8 has none), and not longer than an index takes. */
export function storable(text: string): string {
  return text.slice(0, MAX_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');
}
