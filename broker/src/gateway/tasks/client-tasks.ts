// Tasks that an AI client runs for servers (2025-11-25): a server asks for sampling or elicitation as a task, then how it is. The client's ids
// are its own and pass as they are; which server each was made for is kept here, because a client has one list of them for all.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { isRecord, parseRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { errorReply } from '../reply.ts';
import type { ServerQuestion, UpstreamReply } from '../../upstreams/upstream.ts';

export interface ClientTasks {
  /** Puts a server's question to the client, where it is about the server's own tasks or about none. Never rejects. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
  /** Whether the task was made for this server. */
  isFor(server: string, taskId: string): boolean;
  /** The server that what the client says by itself is for; undefined: for all; null: for nobody. */
  audienceOf(method: string, params: JsonRecord): string | null | undefined;
}

/** Of one session; the oldest is forgotten first. */
const MAX_TASKS = 1_000;
const MAX_ID_CHARS = 1_024;

/** `put` sends a question, and answers with what the client says. */
export function createClientTasks(put: (question: ServerQuestion) => Promise<UpstreamReply>): ClientTasks {
  const servers = new Map<string, string>();

  /** The first server that gets an id has it: a client that gives it twice gives nothing away. */
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

/** A list of tasks with only those that are `own`, each as it was written. */
function ownOf(listText: string, own: (task: JsonRecord | undefined) => boolean): string {
  const tasks = findMember(scanObject(listText).members, 'tasks');
  if (tasks === undefined || listText.charAt(tasks.start) !== '[') return '{"tasks":[]}';
  const texts = scanArray(listText, tasks.start).map(({ start, end }) => listText.slice(start, end));
  const kept = texts.filter((text) => own(parseRecord(text)));
  return `${listText.slice(0, tasks.start)}[${kept.join(',')}]${listText.slice(tasks.end)}`;
}
