// Makes one change to one file of an AI client: adds the entry, removes it, or restores the last backup. Reads the file, edits it, backs it up, and
// replaces it only if it is still as it was read; otherwise begins again.
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { GateError } from 'mcpgate-shared/error';
import { runClaude } from './claude-command.ts';
import { type Client, ENTRY_NAME } from './client.ts';
import type { ClientDeps } from './client-deps.ts';
import { decode, encode } from './files/decode-text.ts';
import type { Undo } from './entry-format.ts';
import { isCurrent, isOurs } from './entry-match.ts';
import { type FileSnapshot, readSnapshot, replaceSnapshot } from './files/file-snapshot.ts';
import { type LedgerStore, readBackup } from './ledger.ts';

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

interface Edit {
  action: Action;
  after: Buffer | null;
  /** What the ledger keeps for a later removal; undefined: the ledger stays as it is. */
  undo?: (Undo & { createdFile?: number }) | null;
  own?: 'replaced' | 'given-back' | 'left';
  /** What the backup of before holds. */
  holds?: readonly string[];
}

type Reason = 'install' | 'uninstall' | 'restore' | 'clean';

const ATTEMPTS = 4;

/** Whether the client's own command is asked first. */
const isByClient = ({ ownCommand }: Client, { mayAskClient, isDryRun }: ChangeContext): boolean =>
  ownCommand !== undefined && mayAskClient && !isDryRun;

export async function setUp(
  client: Client,
  path: string,
  entry: Readonly<Record<string, unknown>>,
  context: ChangeContext,
): Promise<Change> {
  if (isByClient(client, context)) {
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
  if (isByClient(client, context)) {
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

/** An entry of another server, as it was when the person was asked about it. */
export interface OtherEntry {
  readonly path: readonly string[];
  readonly value: unknown;
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

/** Those that are in the text as they were shown. */
function remaining(client: Client, text: string, path: string, entries: readonly OtherEntry[]): readonly OtherEntry[] {
  const now = client.format.entries(text, path);
  return entries.filter((entry) =>
    now.some((each) => isDeepStrictEqual(each, { path: entry.path, value: entry.value })),
  );
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

async function record(
  ledger: LedgerStore,
  client: Client,
  path: string,
  { backup, holds }: { backup: string | null; holds?: readonly string[] | undefined },
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
      ...(holds === undefined ? {} : { holds: [...holds] }),
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
  const asked = steps.map((words) => ({ words }));
  const change = await byClient(client, before, { reason: 'install' }, asked, context, undo, (text) =>
    isCurrent(client.format.read(text, path), entry) ? (existing === undefined ? 'added' : 'updated') : null,
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
  return await byClient(client, before, { reason: 'uninstall' }, [{ words: remove }], context, null, (text) =>
    client.format.read(text, path) === undefined ? 'removed' : null,
  );
}

async function takeOutOthersByClient(
  client: Client,
  path: string,
  entries: readonly OtherEntry[],
  holds: readonly string[],
  context: ChangeContext,
): Promise<Change | null> {
  const before = await readSnapshot(path);
  const there = remaining(client, decode(before.bytes, path).text, path, entries);
  const steps = there.map(({ path: keys }): Step => {
    const [first, project = ''] = keys;
    const name = keys.at(-1) ?? '';
    // A name that begins with a dash would be a flag.
    const words = (scope: string): string[] => ['mcp', 'remove', '--scope', scope, '--', name];
    return first === 'projects' ? { words: words('local'), cwd: project } : { words: words('user') };
  });
  if (steps.length === 0) return null;
  const judge = (text: string): Action | null => (remaining(client, text, path, there).length === 0 ? 'cleaned' : null);
  return await byClient(client, before, { reason: 'clean', holds }, steps, context, undefined, judge);
}

/** What a client's own command is asked, and in which folder; the person's home unless said. */
interface Step {
  words: readonly string[];
  cwd?: string;
}

async function byClient(
  client: Client,
  before: FileSnapshot,
  { reason, holds }: { reason: Reason; holds?: readonly string[] },
  steps: readonly Step[],
  context: ChangeContext,
  undo: Undo | null | undefined,
  judge: (text: string) => Action | null,
): Promise<Change | null> {
  const { ledger } = context;
  const { path } = before;
  await ledger.read();
  const backup = before.bytes === null ? null : await ledger.keep(client.name, before.bytes);
  for (const { words, cwd } of steps) if (!(await runClaude(words, context.deps, cwd))) break;
  const now = await readSnapshot(path);
  if (!isSame(now.bytes, before.bytes)) await record(ledger, client, path, { backup, holds }, reason, undo);
  else if (backup !== null) await ledger.forget(backup);
  const action = judge(decode(now.bytes, path).text);
  return action === null
    ? null
    : { action, changed: true, backup, before: textOf(before.bytes), after: textOf(now.bytes) };
}

const isReplacement = (undo: Undo): boolean => typeof undo['replaced'] === 'string' && undo['replaced'] !== 'null';

const isSame = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other);

const textOf = (bytes: Buffer | null): string | null => bytes?.toString('utf8') ?? null;
