/** The text in lines of that width, broken at blanks where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = text; ;) {
    if (rest.length <= width) return [...lines, rest];
    const at = rest.lastIndexOf(' ', width);
    const end = at > width / 2 ? at : width;
    lines.push(rest.slice(0, end));
    rest = `  ${rest.slice(end).trimStart()}`;
  }
}
