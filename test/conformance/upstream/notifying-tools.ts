// Tools that say something before they answer (log messages, progress, list changes) or drop the stream they should answer on.
import type { McpServer, ServerNotifier } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './content.ts';

const NONE = z.object({});

/** `changes` announces to subscribers of 2026-07-28; sessions of before get the notification on their own connection. */
export function addNotifyingTools(server: McpServer, changes: ServerNotifier | undefined): void {
  server.registerTool(
    'test_tool_with_logging',
    { description: 'Logs three messages, then answers.', inputSchema: NONE },
    async (_args, { mcpReq }) => {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed'])
        await mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
      return { content: [text('logged three messages')] };
    },
  );
  server.registerTool(
    'test_logging_tool',
    { description: 'Logs where the request asked for it.', inputSchema: NONE },
    async (_args, { mcpReq }) => {
      await mcpReq.log('info', 'asked for');
      return { content: [text('logged what was asked for')] };
    },
  );
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Reports three steps where the request asked for it, then answers.', inputSchema: NONE },
    async (_args, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        const params = { progressToken, progress, total: 100, message: `${progress} of 100` };
        await mcpReq.notify({ method: 'notifications/progress', params });
      }
      return { content: [text(progressToken === undefined ? 'not asked for progress' : 'reported progress')] };
    },
  );
  server.registerTool(
    'test_reconnection',
    { description: 'Ends the stream of its call, then answers: to be fetched.', inputSchema: NONE },
    (_args, { http }) => {
      http?.closeSSE?.();
      return { content: [text('fetched after the stream had ended')] };
    },
  );
  server.registerTool('test_trigger_tool_change', { description: 'Announces other tools.' }, () => {
    if (changes === undefined) server.sendToolListChanged();
    else changes.toolsChanged();
    return { content: [text('tools announced')] };
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Announces other prompts.' }, () => {
    if (changes === undefined) server.sendPromptListChanged();
    else changes.promptsChanged();
    return { content: [text('prompts announced')] };
  });
}
