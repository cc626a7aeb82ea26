// Makes one change to one file of an AI client: adds the entry, removes it, or restores the last backup. Reads the file, edits it, backs it up, and
// replaces it only if it is still as it was read; otherwise begins again.
import { basename } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { runClaude } from './claude-command.ts';
import { type Client, ENTRY_NAME } from './client.ts';
import type { ClientDeps } from './client-deps.ts';
import { decode, encode } from './files/decode-text.ts';
import type { Undo } from './entry-format.ts';
import { isCurrent, isOurs } from './entry-match.ts';
import { type FileSnapshot, readSnapshot, replaceSnapshot } from './files/file-snapshot.ts';
import { type LedgerStore, readBackup } from './ledger.ts';

export type Action = 'added' | 'updated' | 'unchanged' | 'removed' | 'absent' | 'restored';

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

interface Edit {
  action: Action;
  after: Buffer | null;
  /** What the ledger keeps for a later removal; undefined: the ledger stays as it is. */
  undo?: (Undo & { createdFile?: number }) | null;
  own?: 'replaced' | 'given-back' | 'left';
}

type Reason = 'install' | 'uninstall' | 'restore';

const ATTEMPTS = 4;

export async function setUp(
  client: Client,
  path: string,
  entry: Readonly<Record<string, unknown>>,
  context: ChangeContext,
): Promise<Change> {
  if (client.ownCommand !== undefined && context.mayAskClient && !context.isDryRun) {
    const done = await setUpByClient(client, path, entry, context);
    if (done !== null) return done;
  }
  return await change(client, path, 'install', context, ({ bytes }) => {
    const { text, mark } = decode(bytes, path);
    const existing = client.format.read(text, path);
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
  if (client.ownCommand !== undefined && context.mayAskClient && !context.isDryRun) {
    const done = await takeOutByClient(client, path, context);
    if (done !== null) return done;
  }
  const undo = (await context.ledger.read()).undo[path] ?? null;
  return await change(client, path, 'uninstall', context, ({ bytes }) => {
    const { text, mark } = decode(bytes, path);
    const existing = client.format.read(text, path);
    if (existing === undefined) return { action: 'absent', after: bytes };
    if (!isOurs(existing, client.entry(''))) return { action: 'absent', after: bytes, own: 'left' };
    const left = client.format.remove(text, path, undo);
    const isOurFile = left === '' && undo?.['createdFile'] === 1;
    const own = undo !== null && isReplacement(undo) ? { own: 'given-back' as const } : {};
    return { action: 'removed', after: isOurFile ? null : encode(left, mark), undo: null, ...own };
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
    const isSame = bytes === null || then === null ? bytes === then : bytes.equals(then);
    return isSame ? { action: 'unchanged', after: bytes } : { action: 'restored', after: then };
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
    const { action, after, undo, own } = edit(snapshot);
    const texts = { ...(own === undefined ? {} : { own }), before: textOf(snapshot.bytes), after: textOf(after) };
    if (after === snapshot.bytes || isDryRun) return { action, changed: false, backup: null, ...texts };
    const backup = snapshot.bytes === null ? null : await ledger.keep(client.name, snapshot.bytes);
    if (await replaceOrForget(snapshot, after, backup, ledger)) {
      await record(ledger, client, path, backup, reason, undo);
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

async function record(
  ledger: LedgerStore,
  client: Client,
  path: string,
  backup: string | null,
  reason: Reason,
  undo: Edit['undo'],
): Promise<void> {
  await ledger.update((kept) => {
    kept.backups.push({
      client: client.name,
      path,
      file: backup === null ? null : basename(backup),
      at: ledger.timestamp(),
      reason,
    });
    if (undo === null) delete kept.undo[path];
    else if (undo !== undefined) kept.undo[path] = { ...undo };
  });
}

/** Has the client's own command add the entry. Null: the command cannot or did not, so the file must be edited. */
async function setUpByClient(
  client: Client,
  path: string,
  entry: Readonly<Record<string, unknown>>,
  context: ChangeContext,
): Promise<Change | null> {
  const before = await readSnapshot(path);
  const existing = client.format.read(decode(before.bytes, path).text, path);
  if (isCurrent(existing, entry)) return null;
  const { command, args } = entry;
  if (typeof command !== 'string' || !Array.isArray(args)) return null;
  const add = ['mcp', 'add', '--scope', 'user', ENTRY_NAME, '--', command, ...args.map(String)];
  const isOwn = existing !== undefined && !isOurs(existing, entry);
  // Keeps the person's own entry in the same form as an edit of the file would.
  const undo = isOwn ? client.format.put(decode(before.bytes, path).text, path, entry).undo : null;
  const steps = existing === undefined ? [add] : [['mcp', 'remove', '--scope', 'user', ENTRY_NAME], add];
  const change = await byClient(client, before, 'install', steps, context, undo, (now) =>
    isCurrent(now, entry) ? (existing === undefined ? 'added' : 'updated') : null,
  );
  return change !== null && isOwn ? { ...change, own: 'replaced' } : change;
}

async function takeOutByClient(client: Client, path: string, context: ChangeContext): Promise<Change | null> {
  const before = await readSnapshot(path);
  const existing = client.format.read(decode(before.bytes, path).text, path);
  if (existing === undefined || !isOurs(existing, client.entry(''))) return null;
  // An entry that was added by editing the file is removed by editing it too, which leaves no trace.
  if ((await context.ledger.read()).undo[path] !== undefined) return null;
  const remove = ['mcp', 'remove', '--scope', 'user', ENTRY_NAME];
  return await byClient(client, before, 'uninstall', [remove], context, null, (now) =>
    now === undefined ? 'removed' : null,
  );
}

async function byClient(
  client: Client,
  before: FileSnapshot,
  reason: Reason,
  steps: readonly (readonly string[])[],
  context: ChangeContext,
  undo: Undo | null,
  judge: (entry: unknown) => Action | null,
): Promise<Change | null> {
  const { ledger } = context;
  const { path } = before;
  await ledger.read();
  const backup = before.bytes === null ? null : await ledger.keep(client.name, before.bytes);
  for (const step of steps) if (!(await runClaude(step, context.deps))) break;
  const now = await readSnapshot(path);
  const isTouched =
    now.bytes === null || before.bytes === null ? now.bytes !== before.bytes : !now.bytes.equals(before.bytes);
  if (isTouched) await record(ledger, client, path, backup, reason, undo);
  else if (backup !== null) await ledger.forget(backup);
  const action = judge(client.format.read(decode(now.bytes, path).text, path));
  return action === null
    ? null
    : { action, changed: true, backup, before: textOf(before.bytes), after: textOf(now.bytes) };
}

const isReplacement = (undo: Undo): boolean => typeof undo['replaced'] === 'string' && undo['replaced'] !== 'null';

const textOf = (bytes: Buffer | null): string | null => bytes?.toString('utf8') ?? null;
