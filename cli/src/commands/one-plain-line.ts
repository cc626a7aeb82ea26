/** The first line of an upstream's words, without anything a terminal would obey. */
export function onePlainLine(text: string): string {
  const first = text.trim().split('\n', 1)[0] ?? '';
  // oxlint-disable-next-line no-control-regex -- exactly these must not reach the terminal
  return first.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim();
}
