// Tasks that an AI client runs for servers (MCP 2025-11-25): a server asks for sampling or elicitation as a task, and later for its state. Ids are
// passed on as the client made them. The client has one list of tasks for all servers, so this module keeps which server each was made for.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { isRecord, parseRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { errorReply } from '../reply.ts';
import type { ServerQuestion, UpstreamReply } from '../../upstreams/upstream.ts';

export interface ClientTasks {
  /** Puts a server's question to the client, unless it is about a task of another server. Never rejects. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
  /** Whether the client runs the task for this server. */
  isFor(server: string, taskId: string): boolean;
  /** The server that a notification of the client is for; undefined: for all; null: for none. */
  audienceOf(method: string, params: JsonRecord): string | null | undefined;
}

/** How many tasks of one session are kept; the oldest is forgotten first. */
const MAX_TASKS = 1_000;
const MAX_ID_CHARS = 1_024;

/** `put`: sends a question to the client and resolves with its reply. */
export function createClientTasks(put: (question: ServerQuestion) => Promise<UpstreamReply>): ClientTasks {
  const servers = new Map<string, string>();

  /** Notes which server a task is for. If the client uses an id twice, it stays with the first server, so the second cannot reach that task. */
  function note(server: string, reply: UpstreamReply): void {
    const task = reply.kind === 'result' ? parseRecord(reply.text)?.['task'] : undefined;
    const id = isRecord(task) ? task['taskId'] : undefined;
    if (typeof id !== 'string' || id.length > MAX_ID_CHARS || servers.has(id)) return;
    const [oldest] = servers.keys();
    if (servers.size >= MAX_TASKS && oldest !== undefined) servers.delete(oldest);
    servers.set(id, server);
  }

  const serverOf = (params: JsonRecord | undefined): string | undefined => {
    const id = params?.['taskId'];
    return typeof id === 'string' ? servers.get(id) : undefined;
  };

  return {
    async ask(question) {
      const { method, server, paramsText } = question;
      const params = parseRecord(paramsText);
      if (!method.startsWith('tasks/')) {
        const reply = await put(question);
        if (isRecord(params?.['task'])) note(server, reply);
        return reply;
      }
      if (method === 'tasks/list') {
        const reply = await put(question);
        return reply.kind === 'error'
          ? reply
          : { ...reply, text: ownOf(reply.text, (task) => serverOf(task) === server) };
      }
      if (serverOf(params) === server) return await put(question);
      return errorReply(RPC_CODE.invalidParams, 'there is no task of this id that was made for you');
    },
    isFor: (server, taskId) => servers.get(taskId) === server,
    audienceOf(method, params) {
      if (method !== 'notifications/tasks/status') return undefined;
      return serverOf(params) ?? null;
    },
  };
}

/** A list of tasks with only those for which `own` returns true, each as the text that the client wrote. */
function ownOf(listText: string, own: (task: JsonRecord | undefined) => boolean): string {
  const tasks = findMember(scanObject(listText).members, 'tasks');
  if (tasks === undefined || listText.charAt(tasks.start) !== '[') return '{"tasks":[]}';
  const texts = scanArray(listText, tasks.start).map(({ start, end }) => listText.slice(start, end));
  const kept = texts.filter((text) => own(parseRecord(text)));
  return `${listText.slice(0, tasks.start)}[${kept.join(',')}]${listText.slice(tasks.end)}`;
}
