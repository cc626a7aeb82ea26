// The server that the conformance suites expect: their names, on the official v2 SDK, one instance a connection (or a request).
import { McpServer, type ServerNotifier } from '@modelcontextprotocol/server';
import { addAnsweringTools } from './answering-tools.ts';
import { addAskingTools } from './asking-tools.ts';
import { addInputRequiredTools } from './input-required-tools.ts';
import { addNotifyingTools } from './notifying-tools.ts';
import { addPrompts } from './prompts.ts';
import { requestState } from './request-state.ts';
import { addResources } from './resources.ts';
import { listTaskTools } from './task-jobs.ts';
import { TASKS_EXTENSION } from './task-server.ts';

/**
 * `modern`: announces changes to subscribers of 2026-07-28, where the server answers requests of that version over HTTP. `hasTasks`: the requests of
 * the tasks extension are seen to by a server beside it.
 */
export function createConformanceServer({
  modern,
  hasTasks = false,
}: { modern?: ServerNotifier; hasTasks?: boolean } = {}): McpServer {
  const server = new McpServer(
    { name: 'conformance', title: 'Conformance', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
        ...(hasTasks && { extensions: { [TASKS_EXTENSION]: {} } }),
      },
      instructions: 'Has what the conformance suites ask for.',
      requestState: { verify: requestState.verify },
      cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'public' } },
    },
  );
  addAnsweringTools(server);
  addNotifyingTools(server, modern);
  listTaskTools(server);
  addAskingTools(server);
  addInputRequiredTools(server);
  addResources(server);
  addPrompts(server);
  return server;
}
