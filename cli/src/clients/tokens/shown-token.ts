// How a token that was found, and its entry, are told of: by nothing of the token itself.
import { isKnownToken } from 'mcpgate-shared/entries/token-formats';

/** How a token is shown: as much of it as its issuer puts before every one. */
export function shownToken(value: string): string {
  const prefix = isKnownToken(value) ? (/^[A-Za-z]{2,10}(?:_pat)?[_-]/.exec(value)?.[0] ?? '') : '';
  return `${prefix}***`;
}

/** Where in the file the entry stands, where that is not the usual place: the project that it is for. */
export function projectOf({ path }: { path: readonly string[] }): string | null {
  const [container, project] = path;
  return container === 'projects' && path.length > 2 && project !== undefined ? project : null;
}
