// All files of the AI clients on this computer, looked through for service tokens. What cannot be read is told by whoever lists the clients.
import { GateError } from 'mcpgate-shared/error';
import type { Client } from '../client.ts';
import { CLIENTS } from '../client-table.ts';
import type { ClientDeps } from '../client-deps.ts';
import { lookFor } from '../find-clients.ts';
import { createLedger } from '../ledger.ts';
import { type EntryWithSecrets, tokensInFile } from './find-tokens.ts';
import { existsSync } from 'node:fs';

type Deps = Pick<ClientDeps, 'env' | 'platform' | 'homedir' | 'configDir' | 'now'>;

export interface ClientFile {
  readonly client: Client;
  readonly file: string;
}

export interface Survey {
  readonly entries: readonly EntryWithSecrets[];
  /** Files in which tokens stand that belong to no server's entry. */
  readonly elsewhere: readonly (ClientFile & { count: number })[];
  /** Backups of mcpgate's own in which tokens stand that were taken out of the files. */
  readonly backups: readonly { file: string; holds: readonly string[] }[];
}

/** `all`: entries without a secret too. `projectFiles`: to be looked through besides the person's own. */
export async function surveyTokens(
  deps: Deps,
  { all = false, projectFiles = [] }: { all?: boolean; projectFiles?: readonly ClientFile[] } = {},
): Promise<Survey> {
  const own = CLIENTS.flatMap((client) => lookFor(client, deps).paths.map((file) => ({ client, file })));
  const files = [...own, ...projectFiles];
  const found = await Promise.all(
    files.map(async ({ client, file }) => ({ client, file, ...(await readable(client, file, all)) })),
  );
  return {
    entries: found.flatMap(({ entries }) => entries),
    elsewhere: found.flatMap(({ client, file, elsewhere }) =>
      elsewhere.length === 0 ? [] : [{ client, file, count: elsewhere.length }],
    ),
    backups: await heldBackups(deps),
  };
}

async function readable(client: Client, file: string, all: boolean): ReturnType<typeof tokensInFile> {
  try {
    return await tokensInFile(client, file, { all });
  } catch (error) {
    if (error instanceof GateError) return { entries: [], elsewhere: [] };
    throw error;
  }
}

async function heldBackups({ configDir, now }: Deps): Promise<Survey['backups']> {
  const ledger = createLedger(configDir, now);
  try {
    const { backups } = await ledger.read();
    return backups.flatMap(({ file, holds = [] }) => {
      const path = file === null ? undefined : ledger.pathOf(file);
      return path === undefined || holds.length === 0 || !existsSync(path) ? [] : [{ file: path, holds }];
    });
  } catch (error) {
    if (error instanceof GateError) return [];
    throw error;
  }
}
