// Makes one change to one file of an AI client: adds the entry, removes it, or restores the last backup. Reads the file, edits it, backs it up, and
// replaces it only if it is still as it was read; otherwise begins again.
import { GateError } from 'mcpgate-shared/error';
import {
  type Action,
  type Change,
  type ChangeContext,
  entryWanted,
  type Wanted,
  isSame,
  type KeptUndo,
  type OtherEntry,
  type Reason,
  record,
  remaining,
  textOf,
  undoKey,
} from './change.ts';
import { isByClient, setUpByClient, takeOutByClient, takeOutOthersByClient } from './change-by-client.ts';
import type { Client } from './client.ts';
import { decode, encode } from './files/decode-text.ts';
import type { Undo } from './entry-format.ts';
import { isCurrent, isOurs } from './entry-match.ts';
import { type FileSnapshot, readSnapshot, replaceSnapshot } from './files/file-snapshot.ts';
import { type LedgerStore, readBackup } from './ledger.ts';

interface Edit {
  action: Action;
  after: Buffer | null;
  undo?: KeptUndo;
  own?: 'replaced' | 'given-back' | 'left';
  /** What the backup of before holds. */
  holds?: readonly string[];
}

const ATTEMPTS = 4;

export async function setUp(client: Client, path: string, wanted: Wanted, context: ChangeContext): Promise<Change> {
  if (isByClient(client, context)) {
    const done = await setUpByClient(client, path, wanted, context);
    if (done !== null) return done;
  }
  return await change(client, path, 'install', context, ({ bytes }) => {
    const { text, mark } = decode(bytes, path);
    const existing = client.format.read(text, path);
    const entry = entryWanted(wanted, existing);
    if (isCurrent(existing, entry)) return { action: 'unchanged', after: bytes };
    const put = client.format.put(text, path, entry);
    const undo = put.undo === null ? undefined : { ...put.undo, ...(bytes === null ? { createdFile: 1 } : {}) };
    return {
      action: existing === undefined ? 'added' : 'updated',
      after: encode(put.text, mark),
      ...(undo === undefined ? {} : { undo }),
      ...(undo !== undefined && isReplacement(undo) ? { own: 'replaced' } : {}),
    };
  });
}

export async function takeOut(client: Client, path: string, context: ChangeContext): Promise<Change> {
  if (isByClient(client, context)) {
    const done = await takeOutByClient(client, path, context);
    if (done !== null) return done;
  }
  const undo = (await context.ledger.read()).undo[undoKey(client, path)] ?? null;
  return await change(client, path, 'uninstall', context, ({ bytes }) => {
    const { text, mark } = decode(bytes, path);
    const existing = client.format.read(text, path);
    if (existing === undefined) return { action: 'absent', after: bytes };
    if (!isOurs(existing, client.entry('', []))) return { action: 'absent', after: bytes, own: 'left' };
    const left = client.format.remove(text, path, undo);
    const isOurFile = left === '' && undo?.['createdFile'] === 1;
    const own = undo !== null && isReplacement(undo) ? { own: 'given-back' as const } : {};
    return { action: 'removed', after: isOurFile ? null : encode(left, mark), undo: null, ...own };
  });
}

/**
 * Takes entries of other servers out, as far as they are still what was shown. `holds`: where secrets stand in them, for whoever finds the
 * backup.
 */
export async function takeOutOthers(
  client: Client,
  path: string,
  entries: readonly OtherEntry[],
  holds: readonly string[],
  context: ChangeContext,
): Promise<Change> {
  let reason: Reason = 'clean';
  if (isByClient(client, context)) {
    const kept = async (): Promise<number> => (await context.ledger.read()).backups.length;
    const keptBefore = await kept();
    const done = await takeOutOthersByClient(client, path, entries, holds, context);
    if (done !== null) return done;
    // The client's command did a part of it: the backup from before that is the one to restore.
    if ((await kept()) > keptBefore) reason = 'restore';
  }
  return await change(client, path, reason, context, ({ bytes }) => {
    const { text, mark } = decode(bytes, path);
    const there = remaining(client, text, path, entries);
    if (there.length === 0) return { action: 'unchanged', after: bytes };
    const left = there.reduce((some, entry) => client.format.without(some, path, entry.path), text);
    return { action: 'cleaned', after: encode(left, mark), holds };
  });
}

/** Restores the last backup, after a backup of the present file. Null: there is no backup. */
export async function putBack(client: Client, path: string, context: ChangeContext): Promise<Change | null> {
  const { backups } = await context.ledger.read();
  const last = backups.findLast(
    (backup) => backup.client === client.name && backup.path === path && backup.reason !== 'restore',
  );
  if (last === undefined) return null;
  const then = last.file === null ? null : await readBackup(context.ledger.pathOf(last.file));
  return await change(client, path, 'restore', context, ({ bytes }) => {
    return isSame(bytes, then) ? { action: 'unchanged', after: bytes } : { action: 'restored', after: then };
  });
}

async function change(
  client: Client,
  path: string,
  reason: Reason,
  context: ChangeContext,
  edit: (snapshot: FileSnapshot) => Edit,
): Promise<Change> {
  const { ledger, isDryRun } = context;
  await ledger.read(); // throws where the ledger is damaged, before anything is changed
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const snapshot = await readSnapshot(path);
    const { action, after, undo, own, holds } = edit(snapshot);
    const texts = { ...(own === undefined ? {} : { own }), before: textOf(snapshot.bytes), after: textOf(after) };
    if (after === snapshot.bytes || isDryRun) return { action, changed: false, backup: null, ...texts };
    const backup = snapshot.bytes === null ? null : await ledger.keep(client.name, snapshot.bytes);
    if (await replaceOrForget(snapshot, after, backup, ledger)) {
      await record(ledger, client, path, { backup, holds }, reason, undo);
      return { action, changed: true, backup, ...texts };
    }
  }
  throw new GateError(
    'client_file',
    `${path} keeps changing while it is edited; nothing was changed: close ${client.title} and run this again`,
  );
}

async function replaceOrForget(
  snapshot: FileSnapshot,
  after: Buffer | null,
  backup: string | null,
  ledger: LedgerStore,
): Promise<boolean> {
  let isDone = false;
  try {
    isDone = await replaceSnapshot(snapshot, after);
  } finally {
    if (!isDone && backup !== null) await ledger.forget(backup);
  }
  return isDone;
}

const isReplacement = (undo: Undo): boolean => typeof undo['replaced'] === 'string' && undo['replaced'] !== 'null';
