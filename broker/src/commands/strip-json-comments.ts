/** JSON with comments as plain JSON: comments and trailing commas become spaces, so that every offset and line stays. */
export function stripJsonComments(source: string): string {
  // Strings are matched first and kept: what looks like a comment inside them is text.
  const token = /("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  const bare = source.replace(token, (whole, string: string | undefined) => string ?? blank(whole));
  return bare.replaceAll(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g, (_whole, string: string | undefined) => string ?? ' ');
}
