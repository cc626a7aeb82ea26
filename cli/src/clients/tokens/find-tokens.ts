// Which service tokens stand in clear in the files of AI clients. Reads only. Nothing of this is loaded where it is not asked for: the rules
// are a hundred kilobytes.
import { isOurs } from '../entry-match.ts';
import type { Client } from '../client.ts';
import { decode } from '../files/decode-text.ts';
import { readSnapshot } from '../files/file-snapshot.ts';
import { type EntrySecrets, secretsOfEntry } from './entry-secrets.ts';
import { lintText } from './lint-text.ts';

/** An entry of somebody else's server in which secrets stand in clear. */
export interface EntryWithSecrets extends EntrySecrets {
  readonly client: Client;
  readonly file: string;
  /** Keys from the root of the file to the entry. */
  readonly path: readonly string[];
  /** Its name in the file. */
  readonly name: string;
  /** As it stands there: with its secrets, so never shown and never sent. */
  readonly value: unknown;
}

export interface FileTokens {
  readonly entries: readonly EntryWithSecrets[];
  /** Besides the entries of servers: tokens of the client itself, which are not mcpgate's to take out. */
  readonly elsewhere: readonly string[];
}

/** Throws `client_file` where the file cannot be read. `all`: entries without a secret too. */
export async function tokensInFile(client: Client, file: string, { all = false } = {}): Promise<FileTokens> {
  const { bytes } = await readSnapshot(file);
  return await tokensInText(client, file, decode(bytes, file).text, { all });
}

export async function tokensInText(
  client: Client,
  file: string,
  text: string,
  { all = false } = {},
): Promise<FileTokens> {
  const others = client.format.entries(text, file).filter(({ value }) => !startsMcpgate(value));
  const entries = await Promise.all(
    others.map(async ({ path, value }): Promise<EntryWithSecrets> => {
      const name = path.at(-1) ?? '';
      return { client, file, path, name, value, ...(await secretsOfEntry(name, value)) };
    }),
  );
  const inside = others.map(({ value }) => JSON.stringify(value) ?? '').join('\n');
  const elsewhere = (await lintText(text)).filter(
    (hit) => !inside.includes(hit) && !entries.some(({ secrets }) => secrets.some(({ value }) => hit.includes(value))),
  );
  return { entries: all ? entries : entries.filter(({ secrets }) => secrets.length > 0), elsewhere };
}

const startsMcpgate = (value: unknown): boolean => isOurs(value, { command: '' }) || isOurs(value, { command: [] });
