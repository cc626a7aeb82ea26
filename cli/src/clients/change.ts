// A change to one file of an AI client: what it is made with, what it comes to, and what the ledger keeps of it.
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Client, entryNameFor } from './client.ts';
import type { ClientDeps } from './client-deps.ts';
import type { Undo } from './entry-format.ts';
import type { LedgerStore } from './ledger.ts';

export type Action = 'added' | 'updated' | 'unchanged' | 'removed' | 'absent' | 'restored' | 'cleaned';

export interface Change {
  readonly action: Action;
  /** Whether the file was changed (never, on a dry run). */
  readonly changed: boolean;
  /** The path of the backup; null: none was made. */
  readonly backup: string | null;
  /** The file's text before and after the change; null: there is no file. */
  readonly before: string | null;
  readonly after: string | null;
  /** What was done with an entry named `mcpgate` that the person made: one that starts another program, or is a URL. */
  readonly own?: 'replaced' | 'given-back' | 'left';
}

export interface ChangeContext {
  readonly ledger: LedgerStore;
  readonly isDryRun: boolean;
  /** Whether the client's own command may make the change; false for project files. */
  readonly mayAskClient: boolean;
  readonly deps: Pick<ClientDeps, 'env' | 'platform' | 'homedir'>;
}

type Entry = Readonly<Record<string, unknown>>;

/** The entry that is wanted, or how it follows from the one that is there (undefined: none). */
export type Wanted = Entry | ((existing: unknown) => Entry);

export const entryWanted = (wanted: Wanted, existing: unknown): Entry =>
  typeof wanted === 'function' ? wanted(existing) : wanted;

export type Reason = 'install' | 'uninstall' | 'restore' | 'clean';

/** What the ledger keeps for a later removal; undefined: it stays as it is. */
export type KeptUndo = (Undo & { createdFile?: number }) | null | undefined;

/** An entry of another server, as it was when the person was asked about it. */
export interface OtherEntry {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Those that are in the text as they were shown. */
export function remaining(
  client: Client,
  text: string,
  path: string,
  entries: readonly OtherEntry[],
): readonly OtherEntry[] {
  const now = client.format.entries(text, path);
  return entries.filter((entry) =>
    now.some((each) => isDeepStrictEqual(each, { path: entry.path, value: entry.value })),
  );
}

/** Where the ledger keeps what takes an entry out again: a file may hold entries of several profiles. */
export const undoKey = ({ entryName }: Client, path: string): string =>
  entryName === entryNameFor(undefined) ? path : `${path} ${entryName}`;

/** Has the ledger keep a change that was made. */
export async function record(
  ledger: LedgerStore,
  client: Client,
  path: string,
  { backup, holds }: { backup: string | null; holds?: readonly string[] | undefined },
  reason: Reason,
  undo: KeptUndo,
): Promise<void> {
  await ledger.update((kept) => {
    kept.backups.push({
      client: client.name,
      path,
      file: backup === null ? null : basename(backup),
      at: ledger.timestamp(),
      reason,
      ...(holds === undefined ? {} : { holds: [...holds] }),
    });
    if (undo === null) delete kept.undo[undoKey(client, path)];
    else if (undo !== undefined) kept.undo[undoKey(client, path)] = { ...undo };
  });
}

export const isSame = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other);

export const textOf = (bytes: Buffer | null): string | null => bytes?.toString('utf8') ?? null;
