// Answers the requests of the tasks extension, which the SDK does not: one low-level server for each such request.
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  MissingRequiredClientCapabilityError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './content.ts';
import { TASK_JOBS, withoutTask } from './task-jobs.ts';
import type { Job, TaskStore } from './task-store.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const NEEDS_TASK = 'failing_job';
const ASKS_FIRST = 'test_tool_with_task';
const METHODS = ['tasks/get', 'tasks/update', 'tasks/cancel'];

const Declared = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ extensions: z.record(z.string(), z.unknown()) }),
});
const OneTask = z.looseObject({ taskId: z.string() });
const Call = z.looseObject({ name: z.string(), arguments: z.unknown() });
const Name = z.object({ name: z.string() });

/** Whether a request belongs here, by the headers that every request of 2026-07-28 repeats its method and name in. */
export function isForTasks(headers: Headers): boolean {
  return isTaskRequest(headers.get('mcp-method') ?? '', headers.get('mcp-name') ?? '');
}

/** The same by what the request itself says. */
export function isTaskRequest(method: string, name = ''): boolean {
  return (
    METHODS.includes(method) || (method === 'tools/call' && (Object.hasOwn(TASK_JOBS, name) || name === ASKS_FIRST))
  );
}

export function createTaskServer(store: TaskStore): Server {
  const server = new Server({ name: 'conformance', version: '1.0.0' }, { capabilities: { tools: {} } });
  const create = (job: Job) => ({ resultType: 'task', ...store.create(job) });

  // With a schema of its own, because the SDK's types know no task as the result of a call.
  server.setRequestHandler('tools/call', { params: Call }, ({ name, arguments: args }, { mcpReq }) => {
    if (name === ASKS_FIRST) {
      const answer = acceptedContent(mcpReq.inputResponses, 'user_name', Name);
      if (answer !== undefined) {
        const result = { content: [text(`done for ${answer.name}`)] };
        return create({ start: (end) => (end({ status: 'completed', result }), () => undefined) });
      }
      const question = { message: 'What is your name?', requestedSchema: Name };
      return inputRequired({ inputRequests: { user_name: inputRequired.elicit(question) } });
    }
    if (!declares(mcpReq)) {
      if (name === NEEDS_TASK) throw missing();
      return withoutTask(name);
    }
    const job = TASK_JOBS[name];
    return job === undefined ? withoutTask(name) : create(job(args));
  });
  server.setRequestHandler('tasks/get', { params: OneTask }, ({ taskId }, { mcpReq }) => {
    if (!declares(mcpReq)) throw missing();
    return { resultType: 'complete', ...store.get(taskId) };
  });
  server.setRequestHandler('tasks/update', { params: OneTask }, ({ taskId }, { mcpReq }) => {
    if (!declares(mcpReq)) throw missing();
    store.update(taskId, mcpReq.inputResponses ?? {});
    return { resultType: 'complete' };
  });
  server.setRequestHandler('tasks/cancel', { params: OneTask }, ({ taskId }, { mcpReq }) => {
    if (!declares(mcpReq)) throw missing();
    store.cancel(taskId);
    return { resultType: 'complete' };
  });
  return server;
}

function declares({ envelope }: ServerContext['mcpReq']): boolean {
  const { data } = Declared.safeParse(envelope);
  return data?.[CLIENT_CAPABILITIES_META_KEY].extensions[TASKS_EXTENSION] !== undefined;
}

const missing = () =>
  new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
