// Replaces task ids in results and notifications of servers by the ids that clients see: `SERVER+ID`, or the server's own id in a session that
// shows one server under its own names.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { RELATED_TASK } from 'mcpgate-shared/mcp/protocol-version';

/**
 * `text`: a result, or the params of a notification. `isTask`: the text is the state of a task (`tasks/get`, `tasks/cancel`, a notification).
 * `onTask`: called with the server's own id where the text says that a task was made.
 */
export function withSeenTaskIds(
  text: string,
  prefix: string,
  isTask: boolean,
  onTask: (ownId: string) => void = () => undefined,
): string {
  if (!text.includes('askId"') && !text.includes('\\u')) return text;
  const { members } = scanObject(text, 0, ['task']);
  const made = findMember(members, 'task')?.inner;
  const type = findMember(members, 'resultType');
  const isMade = type !== undefined && text.slice(type.start, type.end) === '"task"';
  const ids = [
    ...idsOf(text, made?.members ?? [], onTask),
    ...(isTask || isMade ? idsOf(text, members, isMade ? onTask : undefined) : []),
    ...relatedIds(text),
  ];
  if (prefix === '') return text;
  let out = '';
  let from = 0;
  for (const { start } of ids.toSorted((a, b) => a.start - b.start)) {
    out += text.slice(from, start + 1) + prefix;
    from = start + 1;
  }
  return out + text.slice(from);
}

function idsOf(text: string, members: readonly JsonMember[], onTask?: (ownId: string) => void): JsonMember[] {
  const at = findMember(members, 'taskId');
  if (at === undefined || text.charAt(at.start) !== '"') return [];
  const ownId: unknown = JSON.parse(text.slice(at.start, at.end));
  if (typeof ownId === 'string') onTask?.(ownId);
  return [at];
}

function relatedIds(text: string): JsonMember[] {
  const meta = findMember(scanObject(text, 0, ['_meta', RELATED_TASK]).members, '_meta')?.inner;
  const related = findMember(meta?.members ?? [], RELATED_TASK)?.inner;
  return idsOf(text, related?.members ?? []);
}
