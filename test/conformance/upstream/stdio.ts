// The conformance server over stdio; the first message decides which generation it speaks.
import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { createConformanceServer } from './conformance-server.ts';
import { splitTransport } from './split-transport.ts';
import { createTaskServer, isTaskRequest } from './task-server.ts';
import { createTaskStore } from './task-store.ts';

const Modern = z.object({
  method: z.string(),
  params: z.object({ name: z.string().optional(), _meta: z.object({ [PROTOCOL_VERSION_META_KEY]: z.string() }) }),
});

const [rest, ofTasks] = splitTransport(new StdioServerTransport(), (message) => {
  const { data } = Modern.safeParse(message);
  return data !== undefined && isTaskRequest(data.method, data.params.name);
});
const tasks = createTaskStore();
serveStdio(({ era }) => createConformanceServer({ hasTasks: era === 'modern' }), { transport: rest });
// What cancels a request names no version: it must not be taken for an opening of before.
serveStdio(() => createTaskServer(tasks), { transport: ofTasks, legacy: 'reject' });
