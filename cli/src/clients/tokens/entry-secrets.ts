// The secrets that stand in clear in one entry of an AI client's file, found as an import at the broker finds them, so that both mean the same
// value; and by secretlint's rules, where it knows one that this does not.
import { type EntryTransport, readClientEntry } from 'mcpgate-shared/entries/client-entry';
import { isPlaceholder } from 'mcpgate-shared/entries/placeholders';
import { extractSecrets, type FoundSecret } from 'mcpgate-shared/entries/secret-extraction';
import { lintText } from './lint-text.ts';

export interface EntrySecret {
  /** Where it stands: `env GITHUB_TOKEN`, `header Authorization`, `argument --api-key`. */
  from: string;
  /** `doubtful`: it looks like one, and no program can tell. */
  kind: 'secret' | 'doubtful';
  /** Never shown and never sent. */
  value: string;
}

export interface EntrySecrets {
  /** What the entry starts or connects to, with references in the place of secrets; null where that cannot be told. */
  target: EntryTransport | null;
  secrets: readonly EntrySecret[];
}

/** What `readClientEntry` takes over of each kind; everything else in an entry is looked at as settings of the client. */
const READ = {
  stdio: ['command', 'cmd', 'args', 'env', 'envs', 'environment', 'env_keys', 'env_vars', 'cwd'],
  http: ['url', 'uri', 'serverUrl', 'httpUrl', 'headers', 'http_headers', 'env_http_headers', 'bearer_token_env_var'],
} as const;

export async function secretsOfEntry(name: string, value: unknown): Promise<EntrySecrets> {
  const read = readClientEntry(name, value);
  const draft = 'skipped' in read ? null : read;
  const inputs = new Set(draft?.inputs);
  const taken = draft === null ? null : extractSecrets('entry', draft.transport, { ...FREE, passwordInputs: inputs });
  const kind = draft?.transport.kind;
  const known: readonly string[] = kind === undefined ? [] : READ[kind];
  const rest = Object.entries(Object(value)).filter(([key]) => !known.includes(key));
  const found = [...(taken?.found ?? []), ...settingsSecrets(rest)].flatMap(asSecret);
  const secrets = found.filter(({ value: each }, index) => found.findIndex((other) => other.value === each) === index);
  for (const hit of await lintText(JSON.stringify(value) ?? '')) {
    const isKnown = secrets.some((secret) => hit.includes(secret.value) || secret.value.includes(hit));
    if (!isKnown && !isPlaceholder(hit)) secrets.push({ from: 'the entry', kind: 'secret', value: hit });
  }
  return { target: taken?.transport ?? null, secrets };
}

const FREE = { isTaken: () => false };

/** Whatever else an entry holds, each member as the JSON text that it is. */
function settingsSecrets(rest: readonly (readonly [string, unknown])[]): FoundSecret[] {
  const texts = rest.flatMap(([key, value]) => {
    if (typeof value === 'string') return [[key, value] as const];
    return typeof value === 'object' && value !== null ? [[key, JSON.stringify(value)] as const] : [];
  });
  const settings = { kind: 'stdio', command: '', args: [], env: Object.fromEntries(texts) } as const;
  return extractSecrets('entry', settings, FREE).found.map((each) => ({
    ...each,
    from: each.from.replace(/^env /, ''),
  }));
}

const asSecret = ({ from, kind, value }: FoundSecret): EntrySecret[] =>
  value === undefined || kind === 'placeholder' ? [] : [{ from, kind, value }];
