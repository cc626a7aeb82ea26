// How a token in a file is told of: where it stands, what the broker has instead, and what to do. Nothing of the token itself.
import { isKnownToken } from 'mcpgate-shared/entries/token-formats';
import type { AskedEntry, KnownSecret } from './ask-broker.ts';

/** One token, as `--json` prints it. */
export interface TokenView {
  /** Name of the entry in the file. */
  entry: string;
  /** The project that the entry is for, where it is for one. */
  project: string | null;
  file: string;
  from: string;
  kind: 'secret' | 'doubtful';
  /** What its issuer puts before every one, and stars. */
  shown: string;
  /** The server that the broker has instead; null: none, or nobody was asked. */
  server: string | null;
  /** What the broker knows of this very token. */
  secret: KnownSecret | null;
}

export function tokenViews({ entry, server, known }: AskedEntry): TokenView[] {
  return entry.secrets.map(({ from, kind, value }) => ({
    entry: entry.name,
    project: projectOf(entry),
    file: entry.file,
    from,
    kind,
    shown: shownToken(value),
    server,
    secret: known.get(value) ?? null,
  }));
}

/** `env GITHUB_TOKEN ghp_***, which is the live secret github-token, version 3`. */
export function tokenText({ from, kind, shown, secret }: TokenView): string {
  const what = `${from} ${shown}${kind === 'doubtful' ? ' (it may be none)' : ''}`;
  if (secret === null) return what;
  const { name, version, current } = secret;
  if (name === null) return `${what}, which is a ${current ? 'live' : 'former'} secret of the broker`;
  return `${what}, which is ${current ? 'the live secret' : 'a former version of the secret'} ${name}, version ${version}`;
}

/** `github (for /home/ada/shop)`. */
export const entryText = ({ entry, project }: Pick<TokenView, 'entry' | 'project'>): string =>
  project === null ? entry : `${entry} (for ${project})`;

/** How a token is shown: as much of it as its issuer puts before every one. */
export function shownToken(value: string): string {
  const prefix = isKnownToken(value) ? (/^[A-Za-z]{2,10}(?:_pat)?[_-]/.exec(value)?.[0] ?? '') : '';
  return `${prefix}***`;
}

/** Where in the file the entry stands, where that is not the usual place: the project that it is for. */
function projectOf({ path }: { path: readonly string[] }): string | null {
  const [container, project] = path;
  return container === 'projects' && path.length > 2 && project !== undefined ? project : null;
}
