// Has the own command of an AI client make a change to its file, where it has one. Null from each function here: the command cannot or did not, so the
// file must be edited.
import { spawn } from 'node:child_process';
import {
  type Action,
  type Change,
  type ChangeContext,
  entryWanted,
  type Wanted,
  isSame,
  type OtherEntry,
  type Reason,
  record,
  remaining,
  textOf,
  undoKey,
} from './change.ts';
import type { Client } from './client.ts';
import type { ClientDeps } from './client-deps.ts';
import { isCurrent, isOurs } from './entry-match.ts';
import type { Undo } from './entry-format.ts';
import { decode } from './files/decode-text.ts';
import { type FileSnapshot, readSnapshot } from './files/file-snapshot.ts';
import { findExecutable } from './find-clients.ts';

/** Whether the client's own command is asked first. */
export const isByClient = ({ ownCommand }: Client, { mayAskClient, isDryRun }: ChangeContext): boolean =>
  ownCommand !== undefined && mayAskClient && !isDryRun;

/** Adds the entry. */
export async function setUpByClient(
  client: Client,
  path: string,
  wanted: Wanted,
  context: ChangeContext,
): Promise<Change | null> {
  const before = await readSnapshot(path);
  const existing = client.format.read(decode(before.bytes, path).text, path);
  const entry = entryWanted(wanted, existing);
  if (isCurrent(existing, entry)) return null;
  const { command, args } = entry;
  if (typeof command !== 'string' || !Array.isArray(args)) return null;
  const add = ['mcp', 'add', '--scope', 'user', client.entryName, '--', command, ...args.map(String)];
  const isOwn = existing !== undefined && !isOurs(existing, entry);
  // Keeps the person's own entry in the same form as an edit of the file would.
  const undo = isOwn ? client.format.put(decode(before.bytes, path).text, path, entry).undo : null;
  const steps = existing === undefined ? [add] : [['mcp', 'remove', '--scope', 'user', client.entryName], add];
  const asked = steps.map((words) => ({ words }));
  const change = await byClient(client, before, { reason: 'install' }, asked, context, undo, (text) =>
    isCurrent(client.format.read(text, path), entry) ? (existing === undefined ? 'added' : 'updated') : null,
  );
  return change !== null && isOwn ? { ...change, own: 'replaced' } : change;
}

export async function takeOutByClient(client: Client, path: string, context: ChangeContext): Promise<Change | null> {
  const before = await readSnapshot(path);
  const existing = client.format.read(decode(before.bytes, path).text, path);
  if (existing === undefined || !isOurs(existing, client.entry('', []))) return null;
  // An entry that was added by editing the file is removed by editing it too, which leaves no trace.
  if ((await context.ledger.read()).undo[undoKey(client, path)] !== undefined) return null;
  const remove = ['mcp', 'remove', '--scope', 'user', client.entryName];
  return await byClient(client, before, { reason: 'uninstall' }, [{ words: remove }], context, null, (text) =>
    client.format.read(text, path) === undefined ? 'removed' : null,
  );
}

export async function takeOutOthersByClient(
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

const TIMEOUT_MS = 20_000;

/**
 * Claude Code rewrites its file all the time; its own command takes its lock. Runs `claude` with these arguments in `cwd`, without a shell. Returns whether it exited with 0; false also where it cannot
 * be run. Whether it did what was asked is for the caller to read.
 */
async function runClaude(
  args: readonly string[],
  deps: Pick<ClientDeps, 'env' | 'platform' | 'homedir'>,
  cwd = deps.homedir,
): Promise<boolean> {
  const path = findExecutable('claude', deps);
  // npm's shim on Windows is a .cmd file, which does not start without a shell.
  if (path === undefined || /\.(cmd|bat)$/i.test(path)) return false;
  return await new Promise((resolve) => {
    const child = spawn(path, [...args], {
      cwd,
      env: { ...deps.env },
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
