// Keeps of each task of a server who made it, and with which tool; on a connection that people share the server cannot know. The table is in
// memory, like the connections that the tasks belong to, and bounded: the oldest task is dropped first.
import type { RuleNames } from '../../policy/naming.ts';
import type { ServerRecord } from '../../domain/server-record.ts';

export interface TaskEntry {
  /** The person or grant that made the task (`userKeyOf`). */
  owner: string;
  /** The session that made the task and gets its notifications. */
  sessionId: string;
  server: string;
  /** The server's own id of the task. */
  ownId: string;
  /** The names that rules use for the tool that made the task. */
  ruleNames: RuleNames;
}

export interface TaskTable {
  /** Notes a task. An id that is known already stays with its owner, so that a server cannot give a person's task to another. */
  note(server: ServerRecord, place: string | null, entry: TaskEntry): void;
  find(server: Pick<ServerRecord, 'workspaceId' | 'name'>, place: string | null, ownId: string): TaskEntry | undefined;
  /** The tasks of one owner, newest first. */
  of(workspaceId: string, owner: string): readonly TaskEntry[];
}

const MAX_TASKS = 20_000;
const MAX_EACH = 1_000;
const MAX_ID_CHARS = 1_024;

export function createTaskTable(): TaskTable {
  const entries = new Map<string, TaskEntry>();
  /** The keys of tasks by owner, oldest first. */
  const byOwner = new Map<string, Set<string>>();
  const keyOf = (workspaceId: string, server: string, place: string | null, ownId: string) =>
    JSON.stringify([workspaceId, server, place, ownId]);
  const ownerKey = (workspaceId: string, owner: string) => `${workspaceId}\n${owner}`;

  function drop(key: string | undefined, workspaceId: string): void {
    const entry = key === undefined ? undefined : entries.get(key);
    if (key === undefined || entry === undefined) return;
    entries.delete(key);
    const owner = ownerKey(workspaceId, entry.owner);
    const own = byOwner.get(owner);
    own?.delete(key);
    if (own?.size === 0) byOwner.delete(owner);
  }

  return {
    note({ workspaceId }, place, entry) {
      const key = keyOf(workspaceId, entry.server, place, entry.ownId);
      if (entries.has(key) || entry.ownId.length > MAX_ID_CHARS) return;
      const owner = ownerKey(workspaceId, entry.owner);
      const own = byOwner.get(owner) ?? new Set();
      if (own.size >= MAX_EACH) drop(own.values().next().value, workspaceId);
      if (entries.size >= MAX_TASKS) {
        const [oldest] = entries.keys();
        const [ofWorkspace] = JSON.parse(oldest ?? '[""]') as [string];
        drop(oldest, ofWorkspace);
      }
      entries.set(key, entry);
      own.add(key);
      byOwner.set(owner, own);
    },
    find: ({ workspaceId, name }, place, ownId) => entries.get(keyOf(workspaceId, name, place, ownId)),
    of: (workspaceId, owner) =>
      [...(byOwner.get(ownerKey(workspaceId, owner)) ?? [])].toReversed().flatMap((key) => entries.get(key) ?? []),
  };
}
